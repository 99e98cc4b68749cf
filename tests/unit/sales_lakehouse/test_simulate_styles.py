"""Each paging style alone, walked by a client that believes what it is told."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import httpx
import pytest

from sales_lakehouse.simulate.churn import Churn, synthetic_orders
from sales_lakehouse.simulate.styles import STYLES
from tests.shops import served

ORDERS, SIZE = 230, 50
Pages = Iterator[httpx.Response]


@pytest.fixture(scope="module")
def shop() -> Iterator[httpx.Client]:
    """Serve some invented orders, more than four pages of them."""
    with served([synthetic_orders(ORDERS)]) as client:
        yield client


def orders_in(page: httpx.Response) -> list[Any]:
    found: list[Any] = page.raise_for_status().json()["orders"]
    return found


def by_place(name: str, first: int, step: int) -> Callable[[httpx.Client, str], Pages]:
    """Ask by a number that grows, until a page is empty."""

    def walk(shop: httpx.Client, path: str) -> Pages:
        place = first
        while orders_in(page := shop.get(path, params={name: place, "page_size": SIZE})):
            yield page
            place += step

    return walk


def by_url(next_url: Callable[[httpx.Response], str | None]) -> Callable[[httpx.Client, str], Pages]:
    """Ask for the URL that a page names."""

    def walk(shop: httpx.Client, path: str) -> Pages:
        url: str | None = f"{path}?page_size={SIZE}"
        while url:
            yield (page := shop.get(url))
            url = next_url(page)

    return walk


def by_token(
    token: Callable[[httpx.Response], str | None], send: Callable[[httpx.Client, str, str | None], httpx.Response]
) -> Callable[[httpx.Client, str], Pages]:
    """Give back the token that a page gave."""

    def walk(shop: httpx.Client, path: str) -> Pages:
        page = send(shop, path, None)
        yield page
        while given := token(page):
            yield (page := send(shop, path, given))

    return walk


def by_parameter(name: str) -> Callable[[httpx.Client, str, str | None], httpx.Response]:
    return lambda shop, path, token: shop.get(path, params={"page_size": SIZE, **({name: token} if token else {})})


def by_header(shop: httpx.Client, path: str, token: str | None) -> httpx.Response:
    return shop.get(path, params={"page_size": SIZE}, headers={"x-cursor": token} if token else {})


def by_post(shop: httpx.Client, path: str, token: str | None) -> httpx.Response:
    return shop.post(path, json={"page_size": SIZE, **({"cursor": token} if token else {})})


def by_last_id(shop: httpx.Client, path: str) -> Pages:
    after: dict[str, str] = {}
    while orders_in(page := shop.get(path, params={"page_size": SIZE, **after})):
        yield page
        after = {"after_id": orders_in(page)[-1]["order_id"]}


def once(shop: httpx.Client, path: str) -> Pages:
    yield shop.get(path)


def in_body(page: httpx.Response) -> str | None:
    token: str | None = page.json()["next_cursor"]
    return token


WALKS: dict[str, Callable[[httpx.Client, str], Pages]] = {
    "page-from-1": by_place("page", 1, 1),
    "page-from-0": by_place("page", 0, 1),
    "offset": by_place("offset", 0, SIZE),
    "link-header": by_url(lambda page: page.links.get("next", {}).get("url")),
    "next-url": by_url(lambda page: page.json()["links"]["next"]),
    "cursor-body": by_token(in_body, by_parameter("cursor")),
    "cursor-header": by_token(lambda page: page.headers.get("x-next-cursor"), by_header),
    "cursor-post": by_token(in_body, by_post),
    "token-header": by_token(lambda page: page.headers.get("x-next-page-token"), by_parameter("page_token")),
    "after-id": by_last_id,
    "single": once,
}


def test_every_style_is_walked_here() -> None:
    assert set(WALKS) == set(STYLES)


@pytest.mark.parametrize("style", WALKS)
def test_a_style_is_complete_each_order_once_and_tells_the_total(shop: httpx.Client, style: str) -> None:
    pages = list(islice(WALKS[style](shop, f"/styles/{style}/orders"), 20))
    orders = [order for page in pages for order in orders_in(page)]
    assert [order["order_id"] for order in orders] == [f"7{number:07}" for number in range(ORDERS)]
    assert [len(orders_in(page)) for page in pages] == ([ORDERS] if style == "single" else [SIZE] * 4 + [30])
    assert {page.json()["total"] for page in pages} == {ORDERS}
    assert {page.headers["x-total-count"] for page in pages} == {f"{ORDERS}"}


@pytest.mark.parametrize("style", WALKS)
def test_a_style_brings_only_what_changed_since_whichever_way_the_time_is_written(
    shop: httpx.Client, style: str
) -> None:
    ask = shop.post if STYLES[style].method == "POST" else shop.get
    path, at = f"/styles/{style}/orders", 1294128220  # the second in which order 220 changed
    for written in (f"{at}", f"{at}000", "2011-01-04T08:03:40Z", "2011-01-04T08:03:40", "2011-01-04T09:03:40+01:00"):
        later = orders_in(ask(path, params={"updated_since": written}))
        assert [order["order_id"] for order in later] == [f"7{number:07}" for number in range(221, ORDERS)]
        assert len(orders_in(ask(path, params={"updated_from": written}))) == len(later) + 1


@pytest.mark.parametrize(
    ("style", "query", "message"),
    [
        ("offset", {"page": "1"}, "unknown parameter 'page'; known: offset, limit"),
        ("page-from-1", {"page": "0"}, "page: '0' is not a whole number from 1 up"),
        ("cursor-body", {"cursor": "bm9uZQ=="}, "cursor: 'bm9uZQ==' is none that this shop gave"),
        ("after-id", {"sort": "updated_at"}, "sort: pages after an id are sorted by id"),
        ("single", {"page_size": "10", "updated_since": "soon"}, "since: 'soon' is neither ISO time nor an epoch"),
    ],
)
def test_a_bad_question_in_a_style_is_refused_with_its_reason(
    shop: httpx.Client, style: str, query: dict[str, str], message: str
) -> None:
    answer = shop.get(f"/styles/{style}/orders", params=query)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_a_seed_decides_what_is_invented() -> None:
    first, again, other = (
        json.dumps([each.json_text for each in synthetic_orders(50, seed).after(None)]) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_seed_decides_what_changes_while_one_reads() -> None:
    def changes(seed: int) -> list[list[str]]:
        churn = Churn(synthetic_orders(50), every=3, seed=seed, drops=True)
        for _ in range(30):
            churn.tick()
        return [churn.added, churn.changed, churn.dropped]

    assert changes(1) == changes(1) != changes(2)
    assert [len(each) for each in changes(1)] == [10, 10, 10]


def test_a_page_shows_a_change_at_once_though_pages_are_rendered_once() -> None:
    listing = synthetic_orders(20)
    churn = Churn(listing, every=10_000)
    with served([listing], churn=churn) as shop:
        before = shop.get("/styles/single/orders")
        same = shop.get("/styles/single/orders")
        churn.change()
        after = shop.get("/styles/single/orders")
    assert before.content == same.content
    assert len(orders_in(after)) == 21
    assert after.headers["etag"] != before.headers["etag"]


def test_a_page_leads_on_to_the_address_at_which_it_was_asked_for() -> None:
    with served([synthetic_orders(50)]) as shop:
        for host in ("127.0.0.1", "localhost"):
            asked = shop.get(f"http://{host}:{shop.base_url.port}/styles/next-url/orders?page_size=10")
            assert asked.json()["links"]["next"].startswith(f"http://{host}:")


def test_orders_come_late_are_corrected_cancelled_and_deleted_by_a_tombstone() -> None:
    listing = synthetic_orders(50)
    churn = Churn(listing, every=1, seed=3)
    seen = []
    for _ in range(6):
        churn.tick()
        seen.append([json.loads(listing.get(ids[-1]).json_text) for ids in (churn.changed, churn.added)])  # type: ignore[union-attr]
    assert [changed["status"] for changed, _ in seen] == ["completed", "cancelled", "deleted"] * 2
    assert [bool(changed["lines"]) for changed, _ in seen] == [True, True, False] * 2
    assert {changed["version"] for changed, _ in seen} >= {2}
    ages = [
        datetime.fromisoformat(new["updated_at"]).replace(tzinfo=None) - datetime.fromisoformat(new["ordered_at"])
        for _, new in seen
    ]
    assert ages == [timedelta(0), timedelta(days=2)] * 3


def test_an_order_that_changes_again_has_a_version_more_and_stays_of_its_day() -> None:
    listing = synthetic_orders(2)
    churn = Churn(listing, every=1)
    for _ in range(3):
        churn.tick()
    orders = {record.record_id: json.loads(record.json_text) for record in listing.after(None)}
    changed = {name: churn.changed.count(name) for name in ("70000000", "70000001")}
    assert max(changed.values()) > 1
    assert {name: orders[name]["version"] - 1 for name in changed} == changed
    assert {orders[name]["ordered_at"] for name in changed} == {"2011-01-04T08:00:00", "2011-01-04T08:00:01"}
