"""Render the shop's customers: everybody whose number stands on an invoice, whichever seller's.

`country_name` is that of the newest invoice. `segment` is `wholesale` from the first invoice on whose lines
add up to at least 300 units, and `retail` before; nobody goes back. `first_seen_at` is the first sale.
`updated_at` is the end of the invoice that made the record what it was at the day's close (`versions`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sales_lakehouse.simulate.documents import Json, json_text, to_utc, utc_text
from sales_lakehouse.simulate.listing import Listing, Record
from sales_lakehouse.simulate.samples import Invoice, TradingDay
from sales_lakehouse.simulate.versions import Sighting, Version, versions_at_close

# About one customer in four of the samples orders as much at once.
WHOLESALE_UNITS = 300


@dataclass(frozen=True, slots=True)
class Customer:
    """Hold what the shop knows of a customer; `first_seen_at` is UK local time."""

    country_name: str
    segment: str
    first_seen_at: datetime


def customer_listing(days: Iterable[TradingDay]) -> Listing:
    """List the customers as they are at the close of the last of these days."""
    current = versions_at_close((_sightings(day) for day in days), _learn)
    return Listing("customers", (customer_record(*each) for each in current.items()))


def customer_record(customer_id: str, version: Version[Customer]) -> Record:
    """Render a customer."""
    updated_at = to_utc(version.since)
    document: dict[str, Json] = {
        "customer_id": customer_id,
        "country_name": version.state.country_name,
        "segment": version.state.segment,
        "first_seen_at": version.state.first_seen_at.isoformat(),
        "updated_at": utc_text(updated_at),
    }
    return Record(updated_at, customer_id, json_text(document))


def _sightings(day: TradingDay) -> Iterator[Sighting[Invoice]]:
    for each in day.invoices:
        if each.customer_id is not None:
            yield Sighting(each.customer_id, each.completed_at, each)


def _learn(known: Customer | None, invoice: Invoice) -> Customer:
    return Customer(
        country_name=invoice.country,
        segment="wholesale" if _is_wholesale(known, invoice) else "retail",
        first_seen_at=known.first_seen_at if known else invoice.started_at,
    )


def _is_wholesale(known: Customer | None, invoice: Invoice) -> bool:
    was_before = known is not None and known.segment == "wholesale"
    return was_before or sum(line.quantity for line in invoice.lines) >= WHOLESALE_UNITS
