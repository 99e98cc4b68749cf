"""Give corrected records back: they land as a unit of their own and go the way of any delivery."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.quarantine.form import Line
from sales_lakehouse.quarantine.records import Aside, Place
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.stages.repairs import NAMED
from sales_lakehouse.wording import counted


@dataclass(frozen=True)
class Correction:
    """A record that stands aside, and the values that are to stand in for it."""

    aside: Aside
    values: dict[str, str | None]

    @property
    def changed(self) -> list[str]:
        """Return the columns whose values differ from what was delivered."""
        return [name for name, value in self.values.items() if value != self.aside.values[name]]


def match_corrections(
    lines: Sequence[Line], asides: Sequence[Aside], source: SourceSpec, name: str
) -> list[Correction]:
    """Find the record that each line of a form names.

    Raises: ParameterError for a line that names no record that stands aside, or lacks a column; nothing was landed.
    """
    by_place = {each.root: each for each in asides if each.state in ("open", "waiting")}
    missing = [column for column in source.columns if lines and column not in lines[0]]
    if missing:
        raise ParameterError(
            f"{name}: column {', '.join(missing)} of {source.source} is missing; nothing was landed; keep all columns "
            "of the exported file"
        )
    found = [_correction(line, number, by_place, source) for number, line in enumerate(lines, start=1)]
    unknown = [each for each in found if isinstance(each, str)]
    if unknown:
        raise ParameterError(
            f"{name}: {'; '.join(unknown[:3])} ({len(unknown):,} of {counted(len(found), 'line')}); nothing was "
            f"landed; `lakehouse quarantine list --source {source.source}` shows the records that are open"
        )
    return [each for each in found if isinstance(each, Correction)]


def _correction(line: Line, number: int, by_place: dict[Place, Aside], source: SourceSpec) -> Correction | str:
    unit, record = line[NAMED[0]] or "", line[NAMED[1]] or ""
    aside = by_place.get((unit, int(record))) if record.isdecimal() else None
    if aside is None:
        return f"record {number} names record {record or '(none)'} of unit {unit[:12] or '(none)'}, which is not open"
    kept = {
        column: "" if aside.values[column] == "" and not line[column] else line[column] for column in source.columns
    }
    return Correction(aside, kept)


def land_repair(
    store: LandingStore, source: str, corrections: Sequence[Correction], name: str, at: datetime
) -> Manifest | None:
    """Keep corrections as a repair unit; None when the very same ones have landed before."""
    stamp = at.isoformat(timespec="microseconds")
    units = sorted({each.aside.root[0] for each in corrections})
    manifest = Manifest(source=source, name=f"repair of {stamp}, {name}", received_at=stamp, repairs=units)
    return store.put(repair_content(corrections), manifest)


def repair_content(corrections: Sequence[Correction]) -> bytes:
    """Return the bytes of a repair unit: every text in quotes, NULL as an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*NAMED, *corrections[0].values])
    for each in corrections:
        fields = [*map(str, each.aside.root), *each.values.values()]
        text.write(",".join(_field(value) for value in fields) + "\n")
    return text.getvalue().encode()


def _field(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'
