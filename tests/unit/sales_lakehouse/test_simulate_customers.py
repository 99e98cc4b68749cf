"""What an invoice tells of its customer: cases that the fortnight does not have."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from sales_lakehouse.simulate.customers import customer_listing
from sales_lakehouse.simulate.samples import Invoice, Line, TradingDay


def day_of(
    invoice_no: str, at: str, quantities: list[int], country: str = "EIRE", customer: str | None = "1"
) -> TradingDay:
    """Make a day with one invoice."""
    sold_at = datetime.fromisoformat(at)
    lines = tuple(Line((), "22386", "BAG", quantity, sold_at, Decimal("1.95")) for quantity in quantities)
    return TradingDay(sold_at.date(), (Invoice(invoice_no, customer, country, lines),))


def customers_after(*days: TradingDay) -> list[Any]:
    """Give the customers' documents."""
    return [json.loads(each.json_text) for each in customer_listing(days).after(None)]


@pytest.mark.parametrize(
    ("quantities", "segment"),
    [([100, 200], "wholesale"), ([100, 199], "retail"), ([-400], "retail")],
    ids=["three hundred", "one less", "given back"],
)
def test_three_hundred_units_on_one_invoice_are_wholesale(quantities: list[int], segment: str) -> None:
    (customer,) = customers_after(day_of("540000", "2011-01-04T10:00", quantities))
    assert customer["segment"] == segment


def test_units_of_two_invoices_are_not_added() -> None:
    (customer,) = customers_after(
        day_of("540000", "2011-01-04T10:00", [299]), day_of("540001", "2011-01-05T10:00", [299])
    )
    assert (customer["segment"], customer["updated_at"]) == ("retail", "2011-01-04T10:00:00Z")


def test_a_customer_moves_with_the_newest_invoice() -> None:
    (customer,) = customers_after(
        day_of("540000", "2011-07-04T10:00", [1]), day_of("C540001", "2011-07-05T10:00", [-1], "France")
    )
    assert customer == {
        "customer_id": "1",
        "country_name": "France",
        "segment": "retail",
        "first_seen_at": "2011-07-04T10:00:00",
        "updated_at": "2011-07-05T09:00:00Z",
    }


def test_an_invoice_without_a_customer_tells_of_nobody() -> None:
    assert customers_after(day_of("540000", "2011-01-04T10:00", [1], customer=None)) == []
