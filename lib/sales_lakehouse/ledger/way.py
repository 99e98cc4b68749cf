"""The way of a record: from its bytes through bronze and silver to gold, or to where it stopped and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.landing.content import open_content
from sales_lakehouse.ledger.aside import Stopped, rows_of
from sales_lakehouse.ledger.faults import unit_names
from sales_lakehouse.ledger.reach import Step, gold_of
from sales_lakehouse.ledger.standing import told_by_others
from sales_lakehouse.scan import spanned
from sales_lakehouse.specs import Pipelines, SourceSpec
from sales_lakehouse.specs.formats import CsvFormat
from sales_lakehouse.stages.repairs import repair_form
from sales_lakehouse.wording import byte_span, counted

SHOWN_BYTES = 300
_LINEAGE = ("_unit_id", "_record_no", "_byte_start", "_byte_length", "_kind", "_reason", "_raw")


@dataclass(frozen=True)
class Way:
    """The stations of one record, from the delivery on."""

    unit_id: str
    record_no: int
    byte_start: int
    byte_length: int
    steps: list[Step]


@dataclass(frozen=True)
class Traced:
    """A source of a lakehouse, with what is read once for all its records."""

    root: Path
    pipelines: Pipelines
    source: SourceSpec
    manifests: dict[str, Manifest]
    stopped: Stopped

    @classmethod
    def of(cls, root: Path, pipelines: Pipelines, source: SourceSpec) -> Traced:
        """Read the manifests of a source."""
        store = LandingStore(root / "landing")
        manifests = {manifest.unit_id: manifest for manifest in store.manifests(source.source)}
        stopped = Stopped(root, pipelines, source, store.corrections(source.source), manifests)
        return cls(root, pipelines, source, manifests, stopped)

    def way_of(self, row: dict[str, Any]) -> Way:
        """Follow the record of a bronze row."""
        span = row["_byte_start"], row["_byte_length"]
        return Way(row["_unit_id"], row["_record_no"], *span, [*self._delivered(row), *self._kept(row)])

    def _delivered(self, row: dict[str, Any]) -> Iterator[Step]:
        unit = self.manifests.get(row["_unit_id"])
        if unit is None:
            yield Step("delivered", f"unit {row['_unit_id'][:12]}, whose manifest is gone from the landing")
            return
        yield Step("delivered", unit.in_words())
        yield Step("landed", f"{LandingStore(self.root / 'landing').content_path(unit)}")
        start, length = row["_byte_start"], row["_byte_length"]
        yield Step("bytes", f"{byte_span(start, length)}: {self._text(unit, start, length)}")

    def _text(self, unit: Manifest, start: int, length: int) -> str:
        path = LandingStore(self.root / "landing").content_path(unit)
        shown = b""
        if path.exists():
            read_as = repair_form(self.source) if unit.repairs else self.source
            with spanned(open_content(str(path)), read_as) as content:
                shown = content[start : start + min(length, SHOWN_BYTES)]
        if len(shown) < min(length, SHOWN_BYTES):
            return "they are not there any more"
        form = self.source.format
        encoding = form.encoding if isinstance(form, CsvFormat) and not unit.repairs else "utf-8"
        cut = f" ... ({length - SHOWN_BYTES:,} more)" if length > SHOWN_BYTES else ""
        return f"{shown.decode(encoding, 'backslashreplace')!r}{cut}"

    def _kept(self, row: dict[str, Any]) -> Iterator[Step]:
        table = f"bronze.{self.source.source}"
        if row["_kind"] != "record":
            yield from self.stopped.unread(row)
            return
        if row.get("_repairs_unit"):
            named = unit_names(self.root)(row["_repairs_unit"])
            yield Step("repairs", f"it stands in for record {row['_repairs_no']} of {named}")
        held = {name: value for name, value in row.items() if name not in _LINEAGE and value is not None}
        shown = ", ".join(f"{name}={_cut(str(value))}" for name, value in held.items() if not name.startswith("_"))
        yield Step("bronze", f"{table}, record {row['_record_no']}: {shown}")
        yield from self._judged(row)

    def _judged(self, row: dict[str, Any]) -> Iterator[Step]:
        table = self.source.silver.table
        rows, aside = (rows_of(self.root, self.source, f"{layer}.{table}", row) for layer in ("silver", "quarantine"))
        yield from (self._published(found) for found in rows[:SHOWN_ROWS])
        if len(rows) > SHOWN_ROWS:
            yield Step("silver", f"and {counted(len(rows) - SHOWN_ROWS, 'more row')} of the same record")
        if rows:
            yield from gold_of(self.root, self.pipelines, table, rows)
        elif aside:
            yield from self.stopped.judged(row, aside)
        else:
            yield from self._elsewhere(row)

    def _published(self, found: dict[str, Any]) -> Step:
        table = self.pipelines.silver[self.source.silver.table]
        key = ", ".join(f"{name}={found[name]}" for name in table.key)
        amount = f", {table.amount} {found[table.amount]} {found['currency_code']}" if table.amount else ""
        return Step("silver", f"silver.{table.table}, published: {key}{amount}")

    def _elsewhere(self, row: dict[str, Any]) -> Iterator[Step]:
        """Tell of a record that has no row of its own: it waits, or other statements stand."""
        waits = self.stopped.waiting(row)
        if waits is not None:
            yield from waits
            return
        unit = self.manifests.get(row["_unit_id"])
        yield from (Step("stopped", told) for told in told_by_others(self.root, self.pipelines, self.source, row, unit))


SHOWN_ROWS = 5


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
