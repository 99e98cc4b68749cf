"""Each fault does what its name says: asked for with plain httpx or a bare socket."""

import gzip
import io
import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import httpx
import pytest

from sales_lakehouse.simulate.churn import synthetic_orders
from sales_lakehouse.simulate.faults import FAULTS
from sales_lakehouse.simulate.faulty import FaultyDoor
from sales_lakehouse.simulate.paging import to_token
from tests.apis import PAGING, behind
from tests.shops import served

SECONDS = 20
"""No answer takes as long, whatever else the machine does."""
FOREIGN = "http://foreign.example"
LED = ["link-header", "next-url", "cursor-body", "cursor-header", "cursor-post", "token-header"]


Misbehaving: TypeAlias = Callable[..., AbstractContextManager[tuple[httpx.Client, FaultyDoor]]]


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[Misbehaving]:
    """Serve sixty orders to all tests, each of which opens a door of its own before them."""
    with served([synthetic_orders(60)]) as shop:
        yield partial(through_door, str(shop.base_url))


@contextmanager
def through_door(origin: str, name: str, pages: int = 1, seed: int = 0) -> Iterator[tuple[httpx.Client, FaultyDoor]]:
    """Let a fault strike from the first page on, or from one of so many."""
    door = FaultyDoor(origin, FAULTS[name], seed, foreign=FOREIGN, pages=pages)
    with behind(door) as url, httpx.Client(base_url=url, trust_env=False, timeout=SECONDS) as client:
        yield client, door


def page_of(client: httpx.Client, style: str = "cursor-body", **query: str | int) -> httpx.Response:
    method = "POST" if style == "cursor-post" else "GET"
    return client.request(method, f"/styles/{style}/orders", params={"page_size": 10, **query})


def bare_answer(client: httpx.Client) -> tuple[str, bytes]:
    """Return head and body as they come over the wire, until the server hangs up or is silent."""
    place = urlsplit(str(client.base_url))
    raw = b""
    with socket.create_connection((place.hostname, place.port), timeout=1) as wire:
        wire.sendall(b"GET /styles/cursor-body/orders?page_size=10 HTTP/1.1\r\nhost: shop\r\n\r\n")
        with suppress(TimeoutError):
            while piece := wire.recv(65_536):
                raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    return head.decode().lower(), body


def seconds_of(text: str) -> float:
    return (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("429 seconds", lambda told: told == "1"),
        ("429 decimal", lambda told: told == "0.5"),
        ("429 date", lambda told: -1 <= seconds_of(told) <= 1),
        ("429 a year", lambda told: told == "31536000"),
        ("429 rubbish", lambda told: told == "soon"),
        ("429 none", lambda told: told is None),
    ],
)
def test_a_throttle_tells_how_long_to_wait_in_its_way(
    misbehaving: Misbehaving, name: str, is_told: Callable[[str | None], bool]
) -> None:
    with misbehaving(name) as (client, _):
        answer = page_of(client)
    assert answer.status_code == 429
    assert is_told(answer.headers.get("retry-after"))


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.passes and "timeout" not in name])
def test_a_fault_that_passes_strikes_so_often_and_is_gone(misbehaving: Misbehaving, name: str) -> None:
    fault = FAULTS[name]
    with misbehaving(name) as (client, door):
        for number in range(6):
            with suppress(httpx.TransportError):
                page_of(client, cursor=cursor_after(number)) if number else page_of(client)
        clean = page_of(client)
    assert door.strikes == fault.passes
    assert [order["order_id"] for order in clean.json()["orders"]] == [f"7{number:07}" for number in range(10)]


def cursor_after(pages: int) -> str:
    """Return the shop's token for the place behind so many pages."""
    return to_token((f"7{pages * 10 - 1:07}",))


def test_a_burst_is_of_all_four_kinds_as_chance_has_it(misbehaving: Misbehaving) -> None:
    seen = set()
    for seed in range(8):
        with misbehaving("5xx burst", seed=seed) as (client, _):
            seen |= {page_of(client).status_code, page_of(client).status_code}
            assert page_of(client).status_code == 200
    assert seen == {500, 502, 503, 504}


def test_a_read_timeout_sends_no_byte(misbehaving: Misbehaving) -> None:
    with misbehaving("read timeout") as (client, _):
        assert bare_answer(client) == ("", b"")


def test_a_total_timeout_drips_so_that_no_single_wait_is_long(misbehaving: Misbehaving) -> None:
    with misbehaving("total timeout") as (client, _):
        before = datetime.now(UTC)
        answer = client.get("/styles/cursor-body/orders", timeout=httpx.Timeout(1))
        taken = datetime.now(UTC) - before
    assert len(answer.json()["orders"]) == 60
    assert taken > timedelta(seconds=1.2)


def test_a_reset_is_no_tidy_end(misbehaving: Misbehaving) -> None:
    with misbehaving("reset") as (client, _), pytest.raises(ConnectionResetError, match="reset by peer"):
        bare_answer(client)


@pytest.mark.parametrize(
    ("name", "is_told"), [("cut with a length", True), ("cut without a length", False), ("wrong length", True)]
)
def test_a_body_that_was_cut_or_announced_wrongly(misbehaving: Misbehaving, name: str, is_told: bool) -> None:
    with misbehaving("clock ahead") as (client, _):
        whole = page_of(client).content
    with misbehaving(name) as (client, _):
        head, body = bare_answer(client)
    told = re.search(r"content-length: (\d+)", head)
    assert bool(told) is is_told
    assert whole.startswith(body)
    if name == "wrong length":
        assert body == whole
        assert told is not None
        assert int(told[1]) == len(whole) // 2
    else:
        assert 0 < len(body) < len(whole)
        assert told is None or int(told[1]) == len(whole)


def test_html_comes_with_200(misbehaving: Misbehaving) -> None:
    with misbehaving("HTML with 200") as (client, _):
        answer = page_of(client)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert answer.text.startswith("<html>")


def test_invalid_json_is_whole_by_its_length_and_yet_no_json(misbehaving: Misbehaving) -> None:
    with misbehaving("invalid JSON") as (client, _), pytest.raises(json.JSONDecodeError, match="line 1"):
        page_of(client).json()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("NaN", '"version": NaN'),
        ("large integer", '"version": 1180591620717411303424'),
        ("duplicate keys", '"total": 1, "total": 60'),
    ],
)
def test_what_json_in_python_would_not_write_stands_in_the_text_once(
    misbehaving: Misbehaving, name: str, written: str
) -> None:
    with misbehaving(name) as (client, _):
        assert page_of(client).text.count(written) == 1


def test_an_empty_page_still_tells_what_else_there_is(misbehaving: Misbehaving) -> None:
    with misbehaving("empty page") as (client, _):
        page = page_of(client).json()
    assert page["orders"] == []
    assert page["total"] == 60
    assert page["next_cursor"]


@pytest.mark.parametrize(("name", "times"), [("repeated page", 1), ("last page for ever", 4)])
def test_a_page_comes_again_in_place_of_the_next(misbehaving: Misbehaving, name: str, times: int) -> None:
    with misbehaving(name) as (client, _):
        first = page_of(client).content
        later = [page_of(client, cursor=cursor_after(number)).content for number in range(1, 5)]
    assert [page == first for page in later] == [True] * times + [False] * (4 - times)


@pytest.mark.parametrize("style", LED)
def test_a_loop_leads_back_and_a_missing_next_nowhere(misbehaving: Misbehaving, style: str) -> None:
    with misbehaving("clock ahead") as (client, _):
        right = way_on(page_of(client, style))
    with misbehaving("cursor loop") as (client, _):
        assert way_on(page_of(client, style)) == right
        token = "page_token" if style == "token-header" else "cursor"
        assert way_on(page_of(client, style, **{token: cursor_after(3)})) == right
    with misbehaving("next missing") as (client, _):
        assert way_on(page_of(client, style)) is None
        assert way_on(page_of(client, style)) == right
    assert right is not None


def way_on(page: httpx.Response) -> str | None:
    """Return what leads to the next page, without the address of the server."""
    said: dict[str, Any] = page.raise_for_status().json()
    url = page.links.get("next", {}).get("url") or said.get("links", {}).get("next")
    token = said.get("next_cursor") or page.headers.get("x-next-cursor") or page.headers.get("x-next-page-token")
    return url.split("?")[1] if url else token


@pytest.mark.parametrize("style", sorted({*PAGING} - {*LED}))
@pytest.mark.parametrize("name", ["cursor loop", "next missing"])
def test_where_no_answer_leads_on_there_is_nothing_to_spoil(misbehaving: Misbehaving, name: str, style: str) -> None:
    with misbehaving(name) as (client, door):
        page_of(client, style)
        page_of(client, style)
    assert door.strikes == 0


def test_a_total_shrinks_from_page_to_page(misbehaving: Misbehaving) -> None:
    with misbehaving("total shrinks") as (client, _):
        assert [page_of(client).json()["total"] for _ in range(4)] == [59, 58, 57, 56]


def test_a_clock_is_a_day_ahead(misbehaving: Misbehaving) -> None:
    with misbehaving("clock ahead") as (client, _):
        assert seconds_of(page_of(client).headers["date"]) == pytest.approx(86_400, abs=5)


def test_a_field_is_added_in_the_middle_of_a_listing(misbehaving: Misbehaving) -> None:
    with misbehaving("fields added", pages=4, seed=1) as (client, door):
        pages = [page_of(client, cursor=cursor_after(number)).json()["orders"] for number in range(1, 6)]
    gifts = [{order.get("gift", False) for order in page} for page in pages]
    assert gifts == [{False}] * door._first + [{True}] * (5 - door._first)
    assert door._first > 0


def test_a_gzip_bomb_is_small_on_the_wire(misbehaving: Misbehaving) -> None:
    with misbehaving("gzip bomb") as (client, _), client.stream("GET", "/styles/cursor-body/orders") as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(packed) < 2**19
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as bomb:
        assert sum(len(piece) for piece in iter(lambda: bomb.read(2**20), b"")) == 256 * 2**20


def test_another_host_is_named_and_nothing_else(misbehaving: Misbehaving) -> None:
    with misbehaving("redirect to another host") as (client, _):
        answer = page_of(client)
        assert (answer.status_code, answer.headers["location"]) == (302, f"{FOREIGN}/orders")
    with misbehaving("next on another host") as (client, _):
        assert page_of(client, "next-url").json()["links"]["next"] == f"{FOREIGN}/orders?page=2"
        assert page_of(client, "link-header").links["next"]["url"] == f"{FOREIGN}/orders?page=2"


def test_a_seed_decides_on_which_page_a_fault_strikes() -> None:
    places = [FaultyDoor("", FAULTS["NaN"], seed)._first for seed in range(40)]
    assert places == [FaultyDoor("", FAULTS["NaN"], seed)._first for seed in range(40)]
    assert set(places) == {0, 1, 2, 3}


def test_two_doors_of_one_seed_send_the_same_bytes(misbehaving: Misbehaving) -> None:
    def cut(seed: int) -> bytes:
        with misbehaving("cut without a length", seed=seed) as (client, _):
            return bare_answer(client)[1]

    assert cut(1) == cut(1) != cut(2)


def test_a_sink_keeps_every_header_and_query_that_comes() -> None:
    sink = FaultyDoor("http://127.0.0.1:9")
    with behind(sink) as url, httpx.Client(trust_env=False, timeout=5) as client:
        for secret in ("one", "two"):
            with suppress(httpx.TransportError):
                client.get(f"{url}/orders?api_key={secret}", headers={"X-Api-Key": secret})
    assert [head.splitlines()[0] for head in sink.heads] == ["GET /orders?api_key=one", "GET /orders?api_key=two"]
    assert ["x-api-key: one" in sink.heads[0], "x-api-key: two" in sink.heads[1]] == [True, True]
