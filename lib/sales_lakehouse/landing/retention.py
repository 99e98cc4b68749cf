"""Let go of delivered bytes that are long applied; manifest and note stay, so that the books know."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sales_lakehouse.files import append_line, read_lines
from sales_lakehouse.landing.store import LandingStore, Manifest

_LOG = "retired.jsonl"


def applied_before(store: LandingStore, source: str, before: datetime) -> list[Manifest]:
    """Return the units of a source that were received before a moment, and are applied."""
    received = ((unit, datetime.fromisoformat(unit.received_at)) for unit in store.manifests(source))
    return [unit for unit, moment in received if moment < before and store.state(unit) == "applied"]


def retire_bytes(store: LandingStore, source: str, before: datetime, noted: dict[str, Any]) -> list[Manifest]:
    """Remove the bytes of files that were received before a moment and are applied; `noted` is kept with each.

    Pages of an API stay: the next reading asks them what is known. So do repairs, which nobody delivers twice.
    """
    old = (unit for unit in applied_before(store, source, before) if not unit.reading and not unit.repairs)
    gone = [unit for unit in old if store.content_path(unit).exists()]
    for unit in gone:
        # The note first: bytes that are gone without one are a finding of the books.
        append_line(store.root / source / _LOG, {"unit_id": unit.unit_id, **noted})
        store.content_path(unit).unlink()
    return gone


def retired_units(store: LandingStore, source: str) -> set[str]:
    """Return the units whose bytes were let go."""
    return {note["unit_id"] for note in read_lines(store.root / source / _LOG)}
