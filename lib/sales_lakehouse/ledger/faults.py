"""What does not close, in one shape, and the names under which people know deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sales_lakehouse.errors import TableError
from sales_lakehouse.landing import LandingStore, Manifest

_SHOWN = 3


@dataclass(frozen=True)
class Fault:
    """Something that does not close: where it is, and what was expected and found."""

    where: str
    what: str

    def in_words(self) -> str:
        """Say it on one line."""
        return f"{self.where}: {self.what}"


def gather(check: Callable[[], Iterable[Fault]]) -> list[Fault]:
    """Return what a check finds; a table that it cannot read is a fault itself."""
    try:
        return list(check())
    except TableError as cause:
        return [Fault("unreadable", str(cause))]


def all_manifests(root: Path) -> list[Manifest]:
    """Return the manifests of all delivered units, whatever is declared today."""
    store = LandingStore(root / "landing")
    return [manifest for source in store.sources() for manifest in store.manifests(source)]


def unit_names(root: Path) -> Callable[[str], str]:
    """Return how a unit is called: `unit 3f9a12bc (gift_partner 2011-01-04.csv)`; a slice keeps its name."""
    known = {manifest.unit_id: f"{manifest.source} {manifest.name}" for manifest in all_manifests(root)}
    return lambda part: f"unit {part[:8]} ({known[part]})" if part in known else part


def bounded(values: list[str]) -> str:
    """Return the first few of a list, and how many more there are."""
    more = f" and {len(values) - _SHOWN:,} more" if len(values) > _SHOWN else ""
    return ", ".join(values[:_SHOWN]) + more


def money(amount: Decimal) -> str:
    """Write an exact amount: two decimals, more where there are more."""
    cents = amount.quantize(Decimal("0.01"))
    return f"{cents if cents == amount else amount.normalize():,f}"
