"""The books as a run wrote them: the units and their balances, read without Spark."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from sales_lakehouse.ledger.query import select

DISPOSITIONS = (
    "accepted_new",
    "accepted_update",
    "unchanged",
    "duplicate",
    "superseded",
    "quarantined",
    "repaired",
    "repair_failed",
    "withdrawn",
)
"""What becomes of a kept record; `replaced` and `deleted` beside them speak of older units' lines."""
SIGNS = {"accepted_new": 1, "accepted_update": 1, "replaced": -1, "deleted": -1}
"""How a disposition's amount changes what is published."""


Key = tuple[str, str]
"""Source and id of a unit."""


@dataclass(frozen=True)
class UnitNote:
    """What holds now of a unit: its counts of records and bytes, and its state."""

    unit_id: str
    source: str
    name: str
    received_at: str
    unit_date: str | None
    size_bytes: int
    corrects: str | None
    found: int
    kept: int
    refused: int
    quarantined: int
    bytes_covered: int
    reason: str | None
    state: str
    run_id: str

    @property
    def key(self) -> Key:
        """Return what tells the unit from all others: two sources may deliver the same bytes."""
        return self.source, self.unit_id


@dataclass(frozen=True)
class Balance:
    """What became of a unit's records: one disposition, one currency. Units: the amount is in that currency."""

    unit_id: str
    source: str
    disposition: str
    currency_code: str | None
    records: int
    line_count: int
    amount: Decimal
    unknown_amounts: int
    run_id: str

    @property
    def key(self) -> Key:
        """Return the key of the unit."""
        return self.source, self.unit_id


@dataclass(frozen=True)
class Books:
    """Units and balances; `published` are the units that silver has taken in, `in_flight` the sources between runs.

    A source is in flight when a unit of it was judged once more (it came back, or a repair reopened it) by a run whose
    candidate is not promoted: what the books say came and went is then ahead of silver.
    """

    units: list[UnitNote]
    balances: list[Balance]
    published: frozenset[Key]
    in_flight: frozenset[str]

    @property
    def taken_in(self) -> list[Balance]:
        """Return the balances of units that silver has taken in."""
        return [balance for balance in self.balances if balance.key in self.published]

    @property
    def waiting(self) -> list[Balance]:
        """Return the balances of units that were judged and that no gate has let into silver yet."""
        return [balance for balance in self.balances if balance.key not in self.published]

    def of_run(self, run_id: str) -> Books:
        """Keep the units that a run noted or judged."""
        judged = {b.key for b in self.balances if b.run_id == run_id}
        return self.of_units({u.key for u in self.units if u.run_id == run_id} | judged)

    def of_units(self, keys: set[Key]) -> Books:
        """Keep some units."""
        units = [unit for unit in self.units if unit.key in keys]
        return replace(self, units=units, balances=[b for b in self.balances if b.key in keys])


def read_books(root: Path) -> Books:
    """Read what holds now: of a unit's newest delivery applied wins over recorded, then the newest note."""
    notes = select(root, "SELECT * FROM units", units="ops.units")
    newest: dict[Key, dict[str, Any]] = {}
    applied_by: dict[Key, set[str]] = defaultdict(set)
    for note in sorted(notes, key=_rank):
        key = note["source"], note["unit_id"]
        newest[key] = note
        if note["state"] == "applied":
            applied_by[key].add(note["run_id"])
    units = [UnitNote(**_fields(note, UnitNote)) for note in newest.values()]
    balances = [Balance(**_fields(row, Balance)) for row in select(root, "SELECT * FROM b", b="ops.balances")]
    in_flight = frozenset(b.source for b in balances if b.key in applied_by and b.run_id not in applied_by[b.key])
    in_order = sorted(units, key=lambda unit: (unit.source, unit.received_at))
    return Books(in_order, balances, frozenset(applied_by), in_flight)


def _rank(note: dict[str, Any]) -> tuple[Any, ...]:
    return note["received_at"], note["state"] == "applied", note["noted_at"]


def _fields(row: dict[str, Any], kind: type[UnitNote | Balance]) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(kind)}
