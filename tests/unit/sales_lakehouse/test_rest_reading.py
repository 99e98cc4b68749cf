"""Reading an API: complete while it changes, resumed where it was killed, and never led astray."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sales_lakehouse.errors import ApiError, ParameterError
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.simulate.churn import Churn, synthetic_orders
from sales_lakehouse.simulate.doorkeeper import Doorkeeper
from sales_lakehouse.simulate.faults import FAULTS
from sales_lakehouse.simulate.faulty import FaultyDoor
from sales_lakehouse.specs import SourceSpec
from tests.apis import PAGING, api_source, behind, land, landed_orders, true_orders
from tests.canary import AUTH, CANARY, leaks
from tests.conftest import PIPELINES
from tests.shops import served

ORDERS = 10_000


def apply(tmp_path: Path) -> None:
    """Note every landed page as applied, as the end of a run does."""
    store = LandingStore(tmp_path / "lakehouse/landing")
    store.mark("online_shop", [unit.unit_id for unit in store.open_units("online_shop")], "applied")


def orders_of(tmp_path: Path, units: list[Any]) -> set[str]:
    store = LandingStore(tmp_path / "lakehouse/landing")
    pages = b"".join(store.content_path(unit).read_bytes() for unit in units).decode()
    return {part[:8] for part in pages.split('"order_id": "')[1:]}


@pytest.mark.parametrize("style", PAGING)
def test_a_shop_that_goes_on_selling_is_read_whole_and_then_its_changes(tmp_path: Path, style: str) -> None:
    listing = synthetic_orders(ORDERS)
    churn = Churn(listing, every=7)
    sort = {} if style == "after-id" else {"parameters": {"sort": "updated_at"}}
    source = api_source(style, **sort)
    with served([listing], churn=churn) as shop:
        land(tmp_path, shop.base_url, source)
        assert set(landed_orders(tmp_path)) == set(true_orders(listing))
        apply(tmp_path)
        for _ in range(5):
            churn.change()
        second = land(tmp_path, shop.base_url, source)
    assert landed_orders(tmp_path) == true_orders(listing)
    assert orders_of(tmp_path, second.new) <= {*churn.added, *churn.changed}
    assert {*churn.added[-5:], *churn.changed[-5:]} <= orders_of(tmp_path, second.new)


def test_the_watermark_waits_until_the_books_close(tmp_path: Path) -> None:
    listing = synthetic_orders(30)
    with served([listing]) as shop, behind(FaultyDoor(str(shop.base_url))) as url:
        first = land(tmp_path, url, api_source("cursor-body"))
        again = land(tmp_path, url, api_source("cursor-body"))
        apply(tmp_path)
        third = land(tmp_path, url, api_source("cursor-body"))
    assert (len(first.new), len(again.new), again.seen) == (1, 0, 1)
    assert (third.new, third.seen) == ([], 0)


def test_a_page_that_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    listing = synthetic_orders(300)
    source = api_source("cursor-body", changes=None)
    door = FaultyDoor("")
    with served([listing]) as shop:
        door.origin = str(shop.base_url)
        with behind(door) as url:
            first, second = land(tmp_path, url, source), land(tmp_path, url, source)
    assert (len(first.new), second.new, second.seen) == (3, [], 3)
    assert sum("if-none-match" in head for head in door.heads) == 3
    assert not [*(tmp_path / "lakehouse/landing/online_shop").glob("*.redelivered")]


def test_what_a_whole_listing_no_longer_has_is_told_by_a_tombstone(tmp_path: Path) -> None:
    listing = synthetic_orders(30)
    source = api_source("cursor-body", changes=None, absent="deleted", silver={"sequence": "received_at"})
    with served([listing]) as shop:
        land(tmp_path, shop.base_url, source)
        listing.remove("70000007")
        second = land(tmp_path, shop.base_url, source)
        third = land(tmp_path, shop.base_url, source)
    gone = landed_orders(tmp_path)["70000007"]
    assert (gone["status"], gone["lines"]) == ("deleted", None)
    assert [unit.name.split(" of ")[0] for unit in second.new][1:] == ["gone by the reading"]
    assert third.new == []


def refunds_source() -> SourceSpec:
    parents = {"source": "online_shop", "at": "order_id"}
    paths = {"path": "/orders/{parent}/refunds", "id": "refund_id", "parents": parents, "changes": None}
    refunds = api_source("single", **paths)
    form = refunds.format.model_copy(update={"records": "refunds"})
    return refunds.model_copy(update={"source": "shop_refunds", "format": form})


def refunds_in(tmp_path: Path) -> list[str]:
    store = LandingStore(tmp_path / "lakehouse/landing")
    pages = (json.loads(store.content_path(unit).read_bytes()) for unit in store.manifests("shop_refunds"))
    return sorted(refund["order_id"] for page in pages for refund in page["refunds"])


def test_an_endpoint_per_parent_is_asked_for_each_parent_that_came(tmp_path: Path) -> None:
    listing = synthetic_orders(40)
    churn = Churn(listing, every=10_000)
    door = FaultyDoor("")
    with served([listing]) as shop, behind(door) as url:
        door.origin = str(shop.base_url)
        land(tmp_path, url, api_source("cursor-body"))
        first = land(tmp_path, url, refunds_source())
        asked = door.requests
        again = land(tmp_path, url, refunds_source())
        assert door.requests == asked
        apply(tmp_path)
        for _ in range(8):
            churn.change()
        land(tmp_path, url, api_source("cursor-body"))
        land(tmp_path, url, refunds_source())
    assert (len(first.new), again.new) == (4, [])
    assert refunds_in(tmp_path) == sorted(each for each in true_orders(listing) if each.endswith("7"))


def test_a_child_that_cannot_be_read_keeps_the_others_and_the_next_run_goes_on(tmp_path: Path) -> None:
    listing = synthetic_orders(40)
    door = FaultyDoor("", seed=1)
    with served([listing]) as shop, behind(door) as url:
        door.origin = str(shop.base_url)
        land(tmp_path, url, api_source("cursor-body"))
        door.fault = FAULTS["5xx burst"].lasting()
        with pytest.raises(ApiError, match=r"shop_refunds, http.*/orders/7.*/refunds.*: status 50"):
            land(tmp_path, url, refunds_source())
        door.fault = None
        before = door.requests
        land(tmp_path, url, refunds_source())
    assert refunds_in(tmp_path) == ["70000007", "70000017", "70000027", "70000037"]
    assert door.requests - before <= 40


SCRIPT = """
import sys
from pathlib import Path
from tests.apis import api_source, land
land(Path(sys.argv[1]), sys.argv[2], api_source("cursor-body", page_size=10, limits={"requests_per_second": 20}))
"""


def test_a_killed_reading_asks_only_for_pages_that_had_not_landed(tmp_path: Path) -> None:
    listing = synthetic_orders(200)
    door = FaultyDoor("")
    with served([listing]) as shop:
        door.origin = str(shop.base_url)
        with behind(door) as url:
            reader = subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path, url], cwd=PIPELINES.parent)
            while door.requests < 8:
                time.sleep(0.01)
            reader.send_signal(signal.SIGKILL)
            reader.wait()
            before = door.requests
            land(tmp_path, url, api_source("cursor-body", page_size=10))
    assert set(landed_orders(tmp_path)) == set(true_orders(listing))
    # The answer on its way when the process died is asked for once more.
    assert 8 <= before <= 12
    assert door.requests in (20, 21)
    assert not (tmp_path / "lakehouse/landing/online_shop/.reading").exists()


@pytest.mark.parametrize("kind", AUTH)
def test_an_api_lets_us_in_and_no_credential_is_left_behind(
    tmp_path: Path, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, auth = AUTH[kind]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    keeper = Doorkeeper.of(kind, environment, token_requests=4)
    listing = synthetic_orders(100)
    sink = FaultyDoor("http://127.0.0.1:9")
    with served([listing], keeper) as shop, behind(sink) as foreign:
        land(tmp_path, shop.base_url, api_source("next-url", page_size=10, auth=auth))
        for name in ("redirect to another host", "next on another host", "HTML with 200", "5xx burst"):
            door = FaultyDoor(str(shop.base_url), FAULTS[name], foreign=foreign.replace("127.0.0.1", "localhost"))
            source = api_source("next-url", page_size=10, auth=auth, changes=None)
            with behind(door) as url:
                told = error_of(tmp_path, url, source)
            assert not leaks(f"{told!r} {told} {told and told.__cause__!r}".encode())
    assert set(landed_orders(tmp_path)) == set(true_orders(listing))
    assert sink.heads == []
    assert keeper.issued > 1 or kind != "oauth2"
    assert [path for path in tmp_path.rglob("*") if path.is_file() and leaks(path.read_bytes())] == []


def error_of(tmp_path: Path, url: str, source: SourceSpec) -> ApiError | None:
    try:
        land(tmp_path, url, source)
    except ApiError as error:
        return error
    return None


def test_a_credential_that_is_refused_is_named_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_SHOP_TOKEN", "of last year")
    keeper = Doorkeeper.of("bearer", {"SECRET_SHOP_TOKEN": CANARY})
    told = "status 401: .*; it was sent SECRET_SHOP_TOKEN; no page"
    with served([synthetic_orders(10)], keeper) as shop, pytest.raises(ApiError, match=told):
        land(tmp_path, shop.base_url, api_source("single", auth=AUTH["bearer"][1]))


def test_a_secret_that_is_not_there_is_named_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_SHOP_TOKEN", raising=False)
    source = api_source("single", auth=AUTH["bearer"][1])
    with pytest.raises(ParameterError, match=r"'token' of scope 'shop' is not there; .*SECRET_SHOP_TOKEN; nothing was"):
        land(tmp_path, "http://127.0.0.1:9", source)


@pytest.mark.parametrize(
    ("url", "allow", "told"),
    [
        ("http://127.0.0.1:9", [], "no https: 127.0.0.1 is asked over http; use https, or say loopback in allow"),
        ("https://127.0.0.1:9", [], "undeclared address: 127.0.0.1 is 127.0.0.1, a loopback address"),
        ("http://10.1.2.3", ["plain_http"], "undeclared address: 10.1.2.3 is 10.1.2.3, a private address"),
        ("http://169.254.169.254", ["plain_http", "private"], "169.254.169.254, a link_local address"),
        ("http://[::ffff:127.0.0.1]:9", ["plain_http"], "a loopback address"),
        ("https://shop:word@shop.example.com", [], "user in URL: the base URL holds a user or password"),
        ("ftp://shop.example.com", [], "no address: expected a base URL"),
    ],
)
def test_an_address_that_was_not_agreed_is_not_asked(tmp_path: Path, url: str, allow: list[str], told: str) -> None:
    with pytest.raises(ApiError, match=told.replace("[", r"\[")):
        land(tmp_path, url, api_source("single", allow=allow))


def test_a_time_of_change_that_no_record_tells_is_named(tmp_path: Path) -> None:
    changes = {"at": "changed_at", "parameter": "updated_since", "overlap_seconds": 0}
    with served([synthetic_orders(30)]) as shop, pytest.raises(ApiError, match="no time: no record of page 1 tells at"):
        land(tmp_path, shop.base_url, api_source("cursor-body", changes=changes))


def test_a_way_on_that_is_looked_for_in_the_wrong_place_is_asked_about(tmp_path: Path) -> None:
    source = api_source("next-url", page_size=10, paging={"kind": "next_url", "at": "next"})
    with (
        served([synthetic_orders(30)]) as shop,
        pytest.raises(ApiError, match=r"10 of 30 announced .*otherwise than delivery\.paging says.*1 page has landed"),
    ):
        land(tmp_path, shop.base_url, source)


def test_a_listing_that_ends_early_without_a_total_is_seen_where_pages_have_numbers(tmp_path: Path) -> None:
    listing = synthetic_orders(60)
    source = api_source("page-from-1", page_size=10, total=None)
    with served([listing]) as shop, behind(FaultyDoor(str(shop.base_url), FAULTS["empty page"], seed=3)) as url:
        land(tmp_path, url, source)
    assert set(landed_orders(tmp_path)) == set(true_orders(listing))


SILENT = {
    "looked for elsewhere": ("next-url", {"paging": {"kind": "next_url", "at": "next"}}, 30, True),
    "not full": ("next-url", {"paging": {"kind": "next_url", "at": "next"}}, 7, False),
    "the answer says so": ("next-url", {}, 30, False),
    "an empty page says so": ("page-from-1", {}, 30, False),
    "all at once, as many as asked": ("single", {}, 10, True),
    "all at once": ("single", {}, 30, False),
    "announced": ("single", {"total": {"at": "total"}}, 10, False),
}


@pytest.mark.parametrize(("style", "delivery", "orders", "is_told"), SILENT.values(), ids=SILENT.keys())
def test_a_full_answer_that_nothing_proves_the_last_is_told(
    tmp_path: Path, style: str, delivery: dict[str, Any], orders: int, is_told: bool
) -> None:
    source = api_source(style, **{"page_size": 10, "total": None, **delivery})
    with served([synthetic_orders(orders)]) as shop:
        landed = land(tmp_path, shop.base_url, source)
    (note,) = LandingStore(tmp_path / "lakehouse/landing").notes("online_shop", "readings")
    assert note["remark"] == landed.remark
    assert bool(landed.remark) == is_told
    told = "it has 10 records, as many as a page holds, and names no next page"
    assert (told in landed.in_words()) == is_told


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
