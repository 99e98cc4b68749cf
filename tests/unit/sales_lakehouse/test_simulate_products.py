"""What a line tells of its product: cases that the fortnight does not have."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from sales_lakehouse.simulate.products import kind_of, product_listing
from sales_lakehouse.simulate.samples import Invoice, Line, TradingDay


def product_after(*lines: tuple[str, str]) -> Any:
    """Give the product that was sold with these descriptions and prices, one a day."""
    days = []
    for day, (description, price) in enumerate(lines, start=4):
        sold_at = datetime(2011, 1, day, 10)
        line = Line((), "22386", description, 1, sold_at, Decimal(price))
        days.append(TradingDay(sold_at.date(), (Invoice("540000", None, "EIRE", (line,)),)))
    (record,) = product_listing(days).after(None)
    return json.loads(record.json_text, parse_float=str)


def test_a_product_takes_name_and_price_of_its_newest_line() -> None:
    assert product_after((" BAG ", "1.95"), ("BAG, RED ", "2.10")) == {
        "product_id": "22386",
        "product_name": "BAG, RED",
        "kind": "goods",
        "list_price": "2.10",
        "currency_code": "GBP",
        "updated_at": "2011-01-05T10:00:00Z",
    }


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_description_leaves_the_name_as_it_was(empty: str) -> None:
    product = product_after(("BAG", "1.95"), (empty, "2.1"))
    assert (product["product_name"], product["list_price"]) == ("BAG", "2.1")


@pytest.mark.parametrize("price", ["0.0", "-11062.06"])
def test_a_line_without_a_price_changes_nothing(price: str) -> None:
    assert product_after(("BAG", "1.95"), ("damages", price)) == product_after(("BAG", "1.95"))


def test_a_name_comes_with_the_first_price() -> None:
    product = product_after(("damages", "0.0"), ("BAG", "1.95"))
    assert (product["product_name"], product["updated_at"]) == ("BAG", "2011-01-05T10:00:00Z")


@pytest.mark.parametrize(
    ("code", "kind"),
    [("S", "charge"), ("BANK CHARGES", "charge"), ("C2", "charge"), ("gift_0001_20", "charge"), ("15056bl", "goods")],
)
def test_the_code_tells_the_kind(code: str, kind: str) -> None:
    assert kind_of(code) == kind
