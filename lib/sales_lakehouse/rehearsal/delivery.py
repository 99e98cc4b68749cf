"""Read a file as the chain would: the strict reader is the chain's own, the casts agree with Spark's by a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sales_lakehouse.landing.files import business_date_of
from sales_lakehouse.rehearsal.values import Judge
from sales_lakehouse.scan import scan_unit
from sales_lakehouse.specs import SilverSpec, SourceSpec
from sales_lakehouse.specs.source import FilesDelivery

EXAMPLES = 10
"""How many records a verdict names; it counts all of them."""


@dataclass(frozen=True)
class Refusal:
    """A record that would not reach silver, and where in the file it stands."""

    record_no: int
    byte_start: int
    byte_length: int
    reason: str


@dataclass(frozen=True)
class Rehearsal:
    """What would happen to one file.

    `found` = `kept` + `refused` + `quarantined` records; `examples` are the first of those that are not kept. `later`
    are the rules that only the run can judge.
    """

    file: str
    business_date: str | None
    misnamed: str | None
    schema: str
    found: int
    kept: int
    refused: int
    quarantined: int
    broken: str | None
    examples: tuple[Refusal, ...]
    later: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Tell whether every record of the file would be kept."""
        return not self.misnamed and not self.broken and self.found == self.kept


def rehearse(path: Path, source: SourceSpec, table: SilverSpec) -> Rehearsal:
    """Read a file as the chain would, without keeping anything of it."""
    day, misnamed = _read_name(path.name, source)
    judge = Judge(source, table, day)
    rows = list(_records(path.read_bytes(), source))
    broken = next((row["_reason"] for row in rows if row["_kind"] == "quarantined"), None)
    refusals = [] if broken else list(_refusals(rows, judge))
    refused = sum(row["_kind"] == "refused" for row in rows)
    aside = len(rows) if broken else len(refusals) - refused
    return Rehearsal(
        file=path.name,
        business_date=str(day) if day else None,
        misnamed=misnamed,
        schema=broken or _schema_in_words(rows, source),
        found=len(rows),
        kept=len(rows) - refused - aside,
        refused=refused,
        quarantined=aside,
        broken=broken,
        examples=tuple(refusals[:EXAMPLES]),
        later=tuple(judge.later()),
    )


def _records(content: bytes, source: SourceSpec) -> Iterator[dict[str, Any]]:
    """Yield the unit's records by the names of bronze's columns; header, blank lines and footer are none."""
    for batch in scan_unit(content, source):
        yield from (row for row in batch.to_pylist() if row["_record_no"] is not None)


def _read_name(name: str, source: SourceSpec) -> tuple[date | None, str | None]:
    if not isinstance(source.delivery, FilesDelivery):
        return None, None
    day = business_date_of(name, source.delivery)
    return day, None if day else f"the name does not follow {source.delivery.name!r}: the file would not be landed"


def _schema_in_words(rows: list[dict[str, Any]], source: SourceSpec) -> str:
    records = [row for row in rows if row["_kind"] == "record"]
    beyond = sorted({name for row in records if row["_extra"] for name in json.loads(row["_extra"])})
    empty = [name for name in source.columns if records and all(row[name] is None for row in records)]
    return (
        f"as agreed, {len(source.columns)} columns"
        + (f"; beyond them {', '.join(beyond)[:200]}, kept in _extra" if beyond else "")
        + (f"; without any value: {', '.join(empty)[:200]}" if empty else "")
    )


def _refusals(rows: list[dict[str, Any]], judge: Judge) -> Iterator[Refusal]:
    for row in rows:
        reason = row["_reason"] or "; ".join(judge.reasons(row))
        if reason:
            yield Refusal(row["_record_no"], row["_byte_start"], row["_byte_length"], reason)
