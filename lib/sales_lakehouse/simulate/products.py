"""Render the shop's products: every stock code that stands on a line, whichever seller's.

`product_name` (blanks at its ends removed) and `list_price` are those of the newest line with a price above
zero, and null while there is none: on lines without a price the staff note what happened to the stock
("damages", "found", "?"), which is no name. An empty description leaves the name as it was.
`kind` is `charge` for a code without any digit (POST, M, BANK CHARGES), for C2 (carriage) and for gift
vouchers (`gift_...`), else `goods`. Codes are taken as written: 84970S and 84970s are two.
`updated_at` is the line that made the record what it was at the day's close (`versions`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from sales_lakehouse.simulate.documents import Json, json_text, to_utc, utc_text
from sales_lakehouse.simulate.listing import Listing, Record
from sales_lakehouse.simulate.samples import Line, TradingDay
from sales_lakehouse.simulate.versions import Sighting, Version, versions_at_close


@dataclass(frozen=True, slots=True)
class Product:
    """Hold what the shop knows of a product; `list_price` in pounds."""

    name: str | None = None
    list_price: Decimal | None = None


def product_listing(days: Iterable[TradingDay]) -> Listing:
    """List the products as they are at the close of the last of these days."""
    current = versions_at_close((_sightings(day) for day in days), _learn)
    return Listing("products", (product_record(*each) for each in current.items()))


def product_record(product_id: str, version: Version[Product]) -> Record:
    """Render a product."""
    updated_at = to_utc(version.since)
    document: dict[str, Json] = {
        "product_id": product_id,
        "product_name": version.state.name,
        "kind": kind_of(product_id),
        "list_price": version.state.list_price,
        "currency_code": "GBP",
        "updated_at": utc_text(updated_at),
    }
    return Record(updated_at, product_id, json_text(document))


def kind_of(product_id: str) -> str:
    """Tell goods from charges by the code."""
    has_digit = any(sign.isdigit() for sign in product_id)
    return "goods" if has_digit and product_id != "C2" and not product_id.startswith("gift_") else "charge"


def _sightings(day: TradingDay) -> Iterator[Sighting[Line]]:
    for invoice in day.invoices:
        for line in invoice.lines:
            yield Sighting(line.stock_code, line.sold_at, line)


def _learn(known: Product | None, line: Line) -> Product:
    before = known or Product()
    if line.unit_price <= 0:
        return before
    return Product(line.description.strip() or before.name, line.unit_price)
