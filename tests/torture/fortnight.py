"""What five sources deliver in some days, as units whose arrival is a fact: orders late, twice, and files corrected."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.simulate.customers import customer_listing
from sales_lakehouse.simulate.listing import Listing, Record
from sales_lakehouse.simulate.orders import order_listing
from sales_lakehouse.simulate.partner_files import partner_files
from sales_lakehouse.simulate.products import product_listing
from sales_lakehouse.simulate.samples import TradingDay, read_samples

LATE_PCT, TWICE_PCT = 5, 3
CORRECTED = 2


@dataclass(frozen=True)
class Unit:
    """A delivery and the moment at which it was received, whenever it is processed."""

    manifest: Manifest
    content: bytes

    @property
    def received_at(self) -> str:
        """Return when it was received."""
        return self.manifest.received_at

    def received(self, moment: str) -> "Unit":
        """Return the same delivery as if it had come at another moment."""
        return Unit(replace(self.manifest, received_at=moment), self.content)

    @property
    def orders_itself(self) -> bool:
        """Tell whether its records say which of two is newer, as an API's do; files go by their arrival."""
        return self.manifest.reading is not None

    def land(self, root: Path) -> None:
        """Keep it, unless it is there."""
        LandingStore(root / "landing").put(self.content, self.manifest)


def units_of(samples: Path, seed: int) -> list[Unit]:
    """Return all deliveries of the sample days.

    Of the shop's orders 5 % come days late and 3 % a second time; two partners' files are corrected a day later.
    """
    days, dice = read_samples(samples), random.Random(seed)
    files = [unit for day in days for unit in _files(day)]
    corrected = dice.sample([unit for unit in files if _can_lose_a_line(unit)], min(CORRECTED, len(days)))
    return [*files, *map(_wrong_before, corrected), *_pages(days, dice)]


def _files(day: TradingDay) -> Iterator[Unit]:
    for file in partner_files([day]):
        yield Unit(Manifest(file.source, file.name, _received(day.day, 6), business_date=f"{day.day}"), file.content)


def _can_lose_a_line(unit: Unit) -> bool:
    # The other partner's file has a footer with its totals.
    return unit.manifest.source == "gift_partner" and unit.content.count(b"\n") > 3


def _wrong_before(unit: Unit) -> Unit:
    """Return what the partner sent the evening before the right file: a line is missing, a line is twice."""
    header, first, *rest = unit.content.splitlines(keepends=True)
    named = unit.manifest
    early = f"{named.received_at[:11]}01:00:00+00:00"
    return Unit(
        Manifest(named.source, named.name, early, business_date=named.business_date),
        b"".join([header, first, *rest[:-1], first]),
    )


def _pages(days: tuple[TradingDay, ...], dice: random.Random) -> Iterator[Unit]:
    told = {name: [*_told_on(days, name)] for name in ("orders", "customers", "products")}
    told["orders"] = _late_and_twice(told["orders"], dice)
    for name, of_days in told.items():
        for day, records in zip(days, of_days, strict=True):
            if records:
                yield _page(name, day.day, records)


def _told_on(days: tuple[TradingDay, ...], name: str) -> Iterator[list[Record]]:
    """Return what the shop's listing tells on each day that it did not tell before."""
    make = {"orders": order_listing, "customers": customer_listing, "products": product_listing}[name]
    known: set[str] = set()
    for number in range(1, len(days) + 1):
        listing: Listing = make(days[:number])
        new = [record for record in listing.after(None) if record.json_text not in known]
        known |= {record.json_text for record in new}
        yield new


def _late_and_twice(told: list[list[Record]], dice: random.Random) -> list[list[Record]]:
    pages: list[list[Record]] = [[] for _ in told]
    for number, records in enumerate(told):
        for record in records:
            late = dice.random() * 100 < LATE_PCT
            arrives = dice.randrange(number, len(told)) if late else number
            pages[arrives].append(record)
            if dice.random() * 100 < TWICE_PCT:
                pages[dice.randrange(number, len(told))].append(record)
    return [[*dict.fromkeys(page)] for page in pages]


def _page(name: str, day: date, records: Iterable[Record]) -> Unit:
    source = "online_shop" if name == "orders" else f"shop_{name}"
    told = ", ".join(record.json_text for record in records)
    content = f'{{"{name}": [{told}], "told": {json.dumps(f"{day}")}}}'.encode()
    return Unit(Manifest(source, f"{name} of {day}", _received(day, 2), status=200, reading=f"{day}"), content)


def _received(day: date, hour: int) -> str:
    return f"{day + timedelta(days=1)}T{hour:02}:00:00+00:00"
