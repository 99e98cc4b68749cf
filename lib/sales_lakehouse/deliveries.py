"""Whole deliveries and their state, read without Spark: landing's manifests and notes, and the books' last word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sales_lakehouse.delta_rows import read_rows
from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.landing.decisions import Decision, decisions_of
from sales_lakehouse.wording import counted

STATES = ("landed", "recorded", "applied", "quarantined", "held", "refused", "corrected")
ASIDE = ("quarantined", "held", "refused")
"""The states of a unit that no run takes, until somebody decides or a corrected delivery comes."""
_COUNTS = ("found", "kept", "refused", "quarantined", "bytes_covered", "reason", "run_id")
_SHOWN = 5


@dataclass(frozen=True)
class Delivery:
    """One unit: what landed, what the books counted of it (nothing before bronze), what was decided about it.

    `corrected_by` is the later delivery of its name that has taken the place of a unit aside: it is open no longer.
    """

    unit: Manifest
    state: str
    counts: dict[str, Any]
    decisions: tuple[Decision, ...]
    corrected_by: Manifest | None = None

    @property
    def reason(self) -> str:
        """Say why the unit stands aside: somebody's decision, else what bronze found; or what corrected it."""
        if self.corrected_by:
            return f"corrected by {self.corrected_by.in_words()}"
        last = self.decisions[-1] if self.decisions else None
        if last and self.state in ("held", "refused"):
            return f"{self.state} by {last.by} at {last.at}" + (f": {last.because}" if last.because else "")
        return str(self.counts["reason"] or "")

    def facts(self) -> dict[str, Any]:
        """Return the delivery as one flat row."""
        unit = self.unit
        about = {"unit_id": unit.unit_id, "source": unit.source, "name": unit.name, "state": self.state}
        by = self.corrected_by.unit_id if self.corrected_by else None
        arrival = {"received_at": unit.received_at, "business_date": unit.business_date, "corrects": unit.corrects}
        arrival |= {"corrected_by": by}
        counts = {name: self.counts.get(name) for name in _COUNTS if name != "reason"}
        return {**about, **arrival, "size_bytes": unit.size_bytes, **counts, "reason": self.reason}


def list_deliveries(lakehouse_root: Path) -> list[Delivery]:
    """Return every delivery of every source, newest first."""
    store = LandingStore(lakehouse_root / "landing")
    noted = _last_notes(lakehouse_root / "ops" / "units")
    found = [one for source in store.sources() for one in _of_source(store, source, noted)]
    return sorted(found, key=lambda one: (one.unit.received_at, one.unit.unit_id), reverse=True)


def find_delivery(lakehouse_root: Path, unit: str) -> Delivery:
    """Return the delivery whose unit id begins so; `source/begin` where those of two sources begin alike.

    Raises: ParameterError when there is none, or more than one.
    """
    source, _, begin = unit.rpartition("/")
    found = [
        one
        for one in list_deliveries(lakehouse_root)
        if one.unit.unit_id.startswith(begin) and source in ("", one.unit.source)
    ]
    if len(found) == 1:
        return found[0]
    told = "; ".join(f"{one.unit.source}/{one.unit.unit_id[:12]} ({one.unit.name})" for one in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    raise ParameterError(
        f"unit {unit!r}: {counted(len(found), 'unit', 'begin')} so: {told}{more}; give more of the id, or SOURCE/UNIT"
        if found
        else f"unit {unit!r}: no unit begins so; `lakehouse units list` shows them"
    )


def set_aside(lakehouse_root: Path) -> list[dict[str, Any]]:
    """Return the units that no run takes, newest first, with the reason and the beginning of the id of each.

    Grain: one row per unit.
    """
    shown = ("source", "name", "state", "reason")
    aside = [one for one in list_deliveries(lakehouse_root) if one.state in ASIDE]
    return [{name: one.facts()[name] for name in shown} | {"unit_id": one.unit.unit_id[:12]} for one in aside]


def with_refusals(lakehouse_root: Path) -> list[dict[str, Any]]:
    """Return the deliveries of which something was refused or could not be compared. Grain: one row per unit.

    Those aside as a whole are told by `set_aside`.
    """
    shown = ("source", "name", "state", "found", "kept", "refused", "quarantined", "reason")
    told = [one for one in list_deliveries(lakehouse_root) if one.counts["refused"] or one.reason]
    return [{name: one.facts()[name] for name in shown} for one in told if one.state not in ASIDE]


def unproved_readings(lakehouse_root: Path) -> list[dict[str, Any]]:
    """Return the newest reading of each API that nothing proved complete; one by parents counts no records.

    Grain: one row per source.
    """
    store = LandingStore(lakehouse_root / "landing")
    newest = {source: notes[-1] for source in store.sources() if (notes := store.notes(source, "readings"))}
    shown = ("began", "records", "remark")
    return [
        {"source": source, **{name: note.get(name) for name in shown}}
        for source, note in newest.items()
        if note.get("remark")
    ]


def _of_source(store: LandingStore, source: str, noted: dict[tuple[str, str], dict[str, Any]]) -> Iterator[Delivery]:
    corrections = store.corrections(source)
    for unit in store.manifests(source):
        one = _delivery(store, unit, noted)
        by = corrections.get(unit.unit_id)
        # A refused unit keeps somebody's word; one that nobody set aside is work, or replaced in silver.
        yield replace(one, state="corrected", corrected_by=by) if by and one.state in ("quarantined", "held") else one


def _delivery(store: LandingStore, unit: Manifest, noted: dict[tuple[str, str], dict[str, Any]]) -> Delivery:
    note, state = noted.get((unit.source, unit.unit_id), {}), store.state(unit)
    # What the books call quarantined and is work again was released: bronze reads it anew, and counts it anew.
    released = state is None and note.get("state") == "quarantined"
    ours = note if note.get("received_at") == unit.received_at and not released else {}
    counts = {name: ours.get(name) for name in _COUNTS}
    return Delivery(unit, state or ("recorded" if ours else "landed"), counts, tuple(decisions_of(store, unit)))


def _last_notes(table: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the last note of the books on each unit, by the rule of `books.current_units`."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for note in read_rows(table):
        known = last.setdefault((note["source"], note["unit_id"]), note)
        if _rank(note) > _rank(known):
            last[note["source"], note["unit_id"]] = note
    return last


def _rank(note: dict[str, Any]) -> tuple[Any, ...]:
    return note["received_at"], note["state"] == "applied", note["noted_at"]
