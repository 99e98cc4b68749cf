"""The books as a run wrote them: the units and their balances, read without Spark."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Books:
    """Units and balances; `came_back` are the sources of units that were received more than once.

    Of such a unit the books keep the last judgement only, so sums over all units do not tell what is published.
    """

    units: list[UnitNote]
    balances: list[Balance]
    came_back: frozenset[str]

    def of_run(self, run_id: str) -> Books:
        """Keep the units that a run noted or judged."""
        ids = {b.unit_id for b in self.balances if b.run_id == run_id}
        return self.of_units({u.unit_id for u in self.units if u.run_id == run_id} | ids)

    def of_units(self, ids: set[str]) -> Books:
        """Keep some units."""
        units = [unit for unit in self.units if unit.unit_id in ids]
        return Books(units, [b for b in self.balances if b.unit_id in ids], self.came_back)


def read_books(root: Path) -> Books:
    """Read what holds now: of a unit's newest delivery applied wins over recorded, then the newest note."""
    notes = select(root, "SELECT * FROM units", units="ops.units")
    newest: dict[str, dict[str, Any]] = {}
    for note in sorted(notes, key=_rank):
        newest[note["unit_id"]] = note
    units = [UnitNote(**_fields(note, UnitNote)) for note in newest.values()]
    balances = [Balance(**_fields(row, Balance)) for row in select(root, "SELECT * FROM b", b="ops.balances")]
    received = {(note["source"], note["unit_id"], note["received_at"]) for note in notes}
    ids = [(source, unit_id) for source, unit_id, _ in received]
    came_back = {source for source, unit_id in set(ids) if ids.count((source, unit_id)) > 1}
    return Books(sorted(units, key=lambda unit: (unit.source, unit.received_at)), balances, frozenset(came_back))


def _rank(note: dict[str, Any]) -> tuple[Any, ...]:
    return note["received_at"], note["state"] == "applied", note["noted_at"]


def _fields(row: dict[str, Any], kind: type[UnitNote | Balance]) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(kind)}
