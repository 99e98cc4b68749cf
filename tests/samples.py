"""What the raw samples hold, read by plain Python and no code of the project.

Expectations of the tests come from here, so a mistake of the simulators cannot hide in them.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "pipelines/samples/online-retail"
HAND = ("online_shop", "gift_partner", "euro_partner")


@dataclass(frozen=True)
class Total:
    """Hold a count of lines and the exact sum of quantity × unit price."""

    lines: int
    amount: Decimal


def sample_days() -> list[str]:
    """List the days, like 2011-01-04, oldest first."""
    return sorted(path.stem for path in SAMPLES.glob("*.csv"))


def raw_rows(day: str) -> list[dict[str, str]]:
    """Read one day's lines, each value as text."""
    with (SAMPLES / f"{day}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day_total(day: str) -> Total:
    """Sum up a day of the whole shop."""
    return _total(raw_rows(day))


def seller_total(day: str, seller: str) -> Total:
    """Sum up a day of one seller: the invoices that its number deals to it."""
    return _total(row for row in raw_rows(day) if seller_of(row["InvoiceNo"]) == seller)


def seller_of(invoice_no: str) -> str:
    """Deal an invoice: its digits modulo 3."""
    return HAND[int("".join(sign for sign in invoice_no if sign in "0123456789")) % 3]


def _total(rows: Iterable[dict[str, str]]) -> Total:
    amounts = [int(row["Quantity"]) * Decimal(row["UnitPrice"]) for row in rows]
    return Total(len(amounts), sum(amounts, Decimal(0)))
