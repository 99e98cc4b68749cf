"""The books as a run wrote them: the units and their balances, read without Spark."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
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
    """Units and balances; `judged_again` are the sources of units that were applied more than once.

    A unit comes back, or a repair reopens it. The books keep its last judgement only: what an earlier one replaced or
    deleted is not told, so sums over all units of the source do not tell what is published.
    """

    units: list[UnitNote]
    balances: list[Balance]
    judged_again: frozenset[str]

    def of_run(self, run_id: str) -> Books:
        """Keep the units that a run noted or judged."""
        judged = {b.key for b in self.balances if b.run_id == run_id}
        return self.of_units({u.key for u in self.units if u.run_id == run_id} | judged)

    def of_units(self, keys: set[Key]) -> Books:
        """Keep some units."""
        units = [unit for unit in self.units if unit.key in keys]
        return Books(units, [b for b in self.balances if b.key in keys], self.judged_again)


def read_books(root: Path) -> Books:
    """Read what holds now: of a unit's newest delivery applied wins over recorded, then the newest note."""
    notes = select(root, "SELECT * FROM units", units="ops.units")
    newest: dict[Key, dict[str, Any]] = {}
    times: dict[Key, set[tuple[str, str]]] = defaultdict(set)
    for note in sorted(notes, key=_rank):
        key = note["source"], note["unit_id"]
        newest[key] = note
        if note["state"] == "applied":
            times[key].add((note["received_at"], note["run_id"]))
    units = [UnitNote(**_fields(note, UnitNote)) for note in newest.values()]
    balances = [Balance(**_fields(row, Balance)) for row in select(root, "SELECT * FROM b", b="ops.balances")]
    judged_again = frozenset(source for (source, _), runs in times.items() if len(runs) > 1)
    return Books(sorted(units, key=lambda unit: (unit.source, unit.received_at)), balances, judged_again)


def _rank(note: dict[str, Any]) -> tuple[Any, ...]:
    return note["received_at"], note["state"] == "applied", note["noted_at"]


def _fields(row: dict[str, Any], kind: type[UnitNote | Balance]) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(kind)}
