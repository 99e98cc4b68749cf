"""The shop's customers and products, asked over HTTP on each day of the fortnight."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sales_lakehouse.simulate.customers import customer_listing
from sales_lakehouse.simulate.products import product_listing
from sales_lakehouse.simulate.samples import read_samples
from tests.master_data import IDS, expected
from tests.samples import SAMPLES, sample_days
from tests.shops import ask, make_bundle, running_shop, served, walk

LAST = "2011-01-19"
each_listing = pytest.mark.parametrize("listing", IDS)
each_day = pytest.mark.parametrize("day", sample_days())


@dataclass(frozen=True)
class Reading:
    """Hold what a listing gave on a day: all of it, and what changed since the day before."""

    full: list[Any]
    increment: list[Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Serve the whole fortnight by the command, in a process of its own."""
    with running_shop(make_bundle(tmp_path_factory.mktemp("bundle"))) as client:
        yield client


@pytest.fixture(scope="module")
def readings() -> dict[tuple[str, str], Reading]:
    """Read both listings in the world of each day, as a client does that keeps its watermark."""
    found: dict[tuple[str, str], Reading] = {}
    since: dict[str, dict[str, str | int]] = {listing: {} for listing in IDS}
    days = read_samples(SAMPLES)
    for number, day in enumerate(sample_days(), start=1):
        with served([customer_listing(days[:number]), product_listing(days[:number])]) as shop:
            for listing in IDS:
                reading = Reading(walk(shop, listing), walk(shop, listing, **since[listing]))
                since[listing] = {"updated_since": max(each["updated_at"] for each in reading.increment)}
                found[listing, day] = reading
    return found


def by_id(listing: str, records: list[Any]) -> dict[str, Any]:
    """Give records by their id, which none of them shares."""
    found = {each[IDS[listing]]: each for each in records}
    assert len(found) == len(records)
    return found


def without_time(record: dict[str, Any] | None) -> dict[str, Any]:
    """Give what a record says but for the time of its change."""
    return {name: value for name, value in (record or {}).items() if name != "updated_at"}


@each_listing
@each_day
def test_a_world_lists_each_record_as_it_is_on_that_day(listing: str, day: str, readings: Any) -> None:
    records = by_id(listing, readings[listing, day].full)
    assert records == expected(listing, day)
    assert records


@each_listing
@each_day
def test_an_increment_brings_exactly_what_is_new_or_changed(listing: str, day: str, readings: Any) -> None:
    before = max((each for each in sample_days() if each < day), default="")
    known, now = expected(listing, before), expected(listing, day)
    changed = {key for key, record in now.items() if without_time(record) != without_time(known.get(key))}
    assert changed
    assert by_id(listing, readings[listing, day].increment) == {key: now[key] for key in changed}


@each_listing
def test_fourteen_increments_replayed_are_the_last_days_listing(listing: str, readings: Any) -> None:
    increments = [readings[listing, day].increment for day in sample_days()]
    assert len(increments) == 14
    replayed: dict[str, Any] = {}
    for each in increments:
        replayed |= by_id(listing, each)
    assert sum(map(len, increments)) > len(replayed)
    assert replayed == by_id(listing, readings[listing, LAST].full)


@pytest.mark.parametrize(("listing", "records", "versions"), [("customers", 499, 509), ("products", 2397, 6679)])
def test_the_fortnight_in_figures(listing: str, records: int, versions: int, readings: Any) -> None:
    assert len(readings[listing, LAST].full) == records
    assert sum(len(readings[listing, day].increment) for day in sample_days()) == versions


@each_listing
def test_pages_walk_in_the_order_of_change(listing: str, shop: httpx.Client) -> None:
    keys = [(each["updated_at"], each[IDS[listing]]) for each in walk(shop, listing, page_size=61)]
    assert keys == sorted(keys)
    assert len(keys) == len(expected(listing, LAST))


@each_listing
def test_nothing_is_later_than_the_last_change(listing: str, shop: httpx.Client) -> None:
    last = walk(shop, listing)[-1]["updated_at"]
    assert ask(shop, listing, updated_since=last) == {listing: [], "page": 1, "pages": 0, "total": 0}


def test_every_order_names_known_customers_and_products(shop: httpx.Client) -> None:
    orders = walk(shop, "orders")
    customers, products = (by_id(listing, walk(shop, listing)) for listing in IDS)
    assert {order["customer_id"] for order in orders} - {None} <= set(customers)
    assert {line["sku"] for order in orders for line in order["lines"]} <= set(products)


def test_a_customer_turns_wholesale_with_the_first_large_invoice(readings: Any) -> None:
    turned = [
        each
        for day in sample_days()[1:]
        for each in readings["customers", day].increment
        if each["first_seen_at"][:10] < day
    ]
    assert len(turned) == 10
    assert {each["segment"] for each in turned} == {"wholesale"}


def test_charges_are_told_from_goods_by_their_code(shop: httpx.Client) -> None:
    charges = {each["product_id"] for each in walk(shop, "products") if each["kind"] == "charge"}
    goods = {each["product_id"] for each in walk(shop, "products") if each["kind"] == "goods"}
    assert charges == {"POST", "DOT", "M", "D", "C2", "BANK CHARGES", "AMAZONFEE", "gift_0001_20", "gift_0001_30"}
    assert {"22386", "84970S", "84970s"} < goods


def test_a_note_by_the_staff_is_no_name(shop: httpx.Client) -> None:
    products = by_id("products", walk(shop, "products"))
    assert products["22837"]["product_name"] == "HOT WATER BOTTLE BABUSHKA"
    nameless = {key for key, each in products.items() if each["product_name"] is None}
    assert nameless == {key for key, each in products.items() if each["list_price"] is None}
    assert "72038P" in nameless
    assert len(nameless) == 13


def test_a_list_price_is_a_json_number_with_the_digits_of_the_raw_file(shop: httpx.Client) -> None:
    body = "".join(shop.get("/products", params={"page": page}).text for page in range(1, 25))
    assert '"list_price": 2.1,' in body
    assert '"list_price": null,' in body
    assert '"list_price": "' not in body
