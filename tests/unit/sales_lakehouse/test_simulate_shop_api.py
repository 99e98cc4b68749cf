"""The shop's API, asked over HTTP in a process of its own."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from tests.master_data import expected
from tests.samples import raw_rows, sample_days, seller_of
from tests.shops import ask, make_bundle, running_shop, walk


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one bundle for all tests of this module."""
    return make_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def shop(bundle: Path) -> Iterator[httpx.Client]:
    """Serve the whole fortnight."""
    with running_shop(bundle) as client:
        yield client


def shop_invoices(until: str = "2011-01-19") -> list[str]:
    """List the shop's invoice numbers up to a day, from the raw samples."""
    rows = [row for day in sample_days() if day <= until for row in raw_rows(day)]
    numbers = dict.fromkeys(row["InvoiceNo"] for row in rows)
    return [number for number in numbers if seller_of(number) == "online_shop"]


def test_health_names_the_service(shop: httpx.Client) -> None:
    said = shop.get("/health").json()
    assert said["service"] == "sales-lakehouse shop-api"
    rows = [row for day in sample_days() for row in raw_rows(day)]
    assert said["records"] == {
        "orders": len(shop_invoices()),
        "customers": len({row["CustomerID"] for row in rows} - {""}),
        "products": len({row["StockCode"] for row in rows}),
    }


@pytest.mark.parametrize("size", [1, 7, 67, 100])
def test_pages_walk_completely_in_the_order_of_change(shop: httpx.Client, size: int) -> None:
    orders = walk(shop, "orders", page_size=size)
    assert sorted(order["order_id"] for order in orders) == sorted(shop_invoices())
    keys = [(order["updated_at"], order["order_id"]) for order in orders]
    assert keys == sorted(keys)


def test_lines_are_the_raw_lines_in_their_order(shop: httpx.Client) -> None:
    order = next(each for each in walk(shop, "orders") if each["order_id"] == "540114")
    rows = [row for row in raw_rows("2011-01-05") if row["InvoiceNo"] == "540114"]
    assert [line["line"] for line in order["lines"]] == list(range(1, len(rows) + 1))
    assert [line["sku"] for line in order["lines"]] == [row["StockCode"] for row in rows]
    assert [line["unit_price"] for line in order["lines"]] == [row["UnitPrice"] for row in rows]
    assert [line["quantity"] for line in order["lines"]] == [int(row["Quantity"]) for row in rows]


def test_prices_are_json_numbers_with_the_digits_of_the_raw_file(shop: httpx.Client) -> None:
    body = shop.get("/orders").text
    assert '"unit_price": 2.1,' in body
    assert '"unit_price": "' not in body


def test_head_of_an_order(shop: httpx.Client) -> None:
    order = next(each for each in walk(shop, "orders") if each["order_id"] == "540114")
    del order["lines"]
    assert order == {
        "order_id": "540114",
        "version": 1,
        "status": "completed",
        "ordered_at": "2011-01-05T09:44:00",
        "updated_at": "2011-01-05T09:44:00Z",
        "customer_id": "15498",
        "country": "United Kingdom",
        "currency": "GBP",
    }


def test_cancellations_and_only_they_are_cancelled(shop: httpx.Client) -> None:
    cancelled = {order["order_id"] for order in walk(shop, "orders") if order["status"] == "cancelled"}
    assert cancelled == {number for number in shop_invoices() if number.startswith("C")}
    assert cancelled


def test_what_is_empty_is_null_and_blanks_are_kept(shop: httpx.Client) -> None:
    orders = walk(shop, "orders")
    descriptions = {line["description"] for order in orders for line in order["lines"]}
    assert None in {order["customer_id"] for order in orders}
    assert {None, "RED RETROSPOT WRAP "} < descriptions
    assert "" not in descriptions


def test_updated_since_is_exclusive(shop: httpx.Client) -> None:
    orders = walk(shop, "orders")
    since = orders[40]["updated_at"]
    later = walk(shop, "orders", updated_since=since, page_size=9)
    assert later == [order for order in orders if order["updated_at"] > since]
    assert 0 < len(later) < len(orders) - 40


def test_nothing_is_later_than_the_last_change(shop: httpx.Client) -> None:
    last = walk(shop, "orders")[-1]["updated_at"]
    assert ask(shop, "orders", updated_since=last) == {"orders": [], "page": 1, "pages": 0, "total": 0}


def test_a_page_past_the_end_is_empty(shop: httpx.Client) -> None:
    page = ask(shop, "orders", page=99)
    assert (page["orders"], page["page"], page["total"]) == ([], 99, len(shop_invoices()))


def test_page_size_is_capped_at_a_hundred(shop: httpx.Client) -> None:
    assert len(ask(shop, "orders", page_size=5000)["orders"]) == 100


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("page=0", "page: '0' is not a whole number from 1 up"),
        ("page=two", "page: 'two' is not a whole number"),
        ("page_size=-1", "page_size: '-1' is not"),
        ("page_size=", "page_size: '' is not"),
        ("updated_since=yesterday", "updated_since: 'yesterday' is not UTC like"),
        ("updated_since=2011-01-05T09:11:00", "is not UTC"),
        ("updated_since=2011-01-05T09:11:00%2B01:00", "is not UTC"),
        ("since=2011-01-05", "unknown parameter 'since'; known: updated_since"),
        ("page=1&page=2", "page is given twice"),
    ],
)
def test_a_bad_query_is_refused_with_its_reason(shop: httpx.Client, query: str, message: str) -> None:
    for listing in ("orders", "customers", "products"):
        answer = shop.get(f"/{listing}?{query}")
        assert answer.status_code == 400
        assert message in answer.json()["error"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/x", 404), ("POST", "/orders", 405)])
def test_other_errors_are_json_too(shop: httpx.Client, method: str, path: str, status: int) -> None:
    answer = shop.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_date_and_page_size_of_the_server(bundle: Path) -> None:
    with running_shop(bundle, "--date", "2011-01-05", "--page-size", "10") as shop:
        orders = walk(shop, "orders")
        assert len(ask(shop, "orders")["orders"]) == 10
        for listing in ("customers", "products"):
            assert ask(shop, listing)["total"] == len(expected(listing, "2011-01-05"))
    assert sorted(order["order_id"] for order in orders) == sorted(shop_invoices("2011-01-05"))
    assert max(datetime.fromisoformat(order["ordered_at"]) for order in orders).day == 5
