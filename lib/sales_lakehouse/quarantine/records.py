"""Collect every record that stands aside: refused in bronze, or in quarantine for the rules it broke."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from sales_lakehouse.delta_rows import Row, read_rows
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.stages.repairs import NAMED

State = Literal["open", "waiting", "repaired", "repair_failed", "superseded"]
Place = tuple[str, int]
"""A record: its unit, and its number in it."""


@dataclass(frozen=True)
class Aside:
    """One record that is in no published table: what it says, where its bytes are, and why it stands aside.

    `state` is waiting when nothing in it is wrong and only the entity that it names is not there yet, repaired when a
    repair stands in for it (`by` names its unit), repair_failed when that repair stands aside itself, with reasons of
    its own, and superseded when a later delivery of the same name has replaced its unit.
    `mends` is the record that this one, itself a repair, was to stand in for.
    """

    source: str
    unit_id: str
    unit_name: str
    record_no: int
    byte_start: int
    byte_length: int
    reasons: tuple[str, ...]
    values: dict[str, str | None]
    raw: str | None
    first_seen: str
    mends: Place | None = None
    state: State = "open"
    by: str | None = None

    @property
    def root(self) -> Place:
        """Return the delivered record that a repair of this one must name."""
        return self.mends or (self.unit_id, self.record_no)


def records_aside(root: Path, source: SourceSpec) -> list[Aside]:
    """Return the records of a source that stand aside, in the order of arrival.

    Those of a unit that is in quarantine as a whole are not among them: it is mended as a whole.
    """
    manifests = LandingStore(root / "landing").manifests(source.source)
    order = {manifest.unit_id: at for at, manifest in enumerate(manifests)}
    broken, repaired = _judged(root, source)
    rows = _bronze_rows(root, source, {unit for unit, _ in broken})
    repairs = sorted((row for row in rows if row.get(NAMED[0])), key=lambda row: order[row["_unit_id"]])
    mended = {(row[NAMED[0]], row[NAMED[1]]): row["_unit_id"] for row in repairs}
    kept = [row for row in rows if row["_kind"] == "refused" or (row["_unit_id"], row["_record_no"]) in broken]
    found = [_aside(row, source, manifests[order[row["_unit_id"]]], broken) for row in kept]
    corrected = LandingStore(root / "landing").corrections(source.source).keys()
    known = _Repairs({**mended, **repaired}, {(each.root, each.unit_id) for each in found if each.mends})
    told = [_with_state(_waiting(each, source), known, corrected) for each in found]
    return sorted(told, key=lambda each: (order[each.unit_id], each.record_no))


@dataclass(frozen=True)
class _Repairs:
    """The unit of the last repair of each record, and the repairs that stand aside themselves."""

    last: dict[Place, str]
    aside: set[tuple[Place, str]]


def _judged(root: Path, source: SourceSpec) -> tuple[dict[Place, list[str]], dict[Place, str]]:
    """Return the rules that records broke, and the units of the repairs that stand in for some of them."""
    columns = ["_unit_id", "_record_no", "_errors", "_repaired_by"]
    rows = read_rows(root / "quarantine" / source.silver.table, columns, pc.field("source") == source.source)
    broken: dict[Place, list[str]] = defaultdict(list)
    for row in rows:
        broken[row["_unit_id"], row["_record_no"]] += row["_errors"]
    by = {(row["_unit_id"], row["_record_no"]): row["_repaired_by"] for row in rows if row.get("_repaired_by")}
    return broken, by


def _bronze_rows(root: Path, source: SourceSpec, units: set[str]) -> list[Row]:
    lineage = ["_unit_id", "_record_no", "_byte_start", "_byte_length", "_kind", "_reason", "_raw", "_ingested_at"]
    asked = (pc.field("_kind") == "refused") | pc.field("_unit_id").isin(pa.array(sorted(units), pa.string()))
    columns = [*source.columns, *lineage, *NAMED]
    table = DeltaTable(root / "bronze" / source.source) if _exists(root / "bronze" / source.source) else None
    if table and NAMED[0] in {each.name for each in table.schema().fields}:
        asked |= pc.field(NAMED[0]).is_valid()
    return read_rows(root / "bronze" / source.source, columns, asked)


def _exists(folder: Path) -> bool:
    return DeltaTable.is_deltatable(str(folder))


def _aside(row: Row, source: SourceSpec, unit: Manifest, broken: dict[Place, list[str]]) -> Aside:
    place = (row["_unit_id"], row["_record_no"])
    mends = (row[NAMED[0]], row[NAMED[1]]) if row.get(NAMED[0]) else None
    return Aside(
        source=source.source,
        unit_id=row["_unit_id"],
        unit_name=unit.name,
        record_no=row["_record_no"],
        byte_start=row["_byte_start"],
        byte_length=row["_byte_length"],
        reasons=tuple(dict.fromkeys(broken[place])) or (row["_reason"],),
        values={name: row[name] for name in source.columns},
        raw=row["_raw"],
        first_seen=row["_ingested_at"].isoformat(timespec="seconds"),
        mends=mends,
    )


def _waiting(aside: Aside, source: SourceSpec) -> Aside:
    return replace(aside, state="waiting") if source.silver.only_waits(aside.reasons) else aside


def _with_state(aside: Aside, repairs: _Repairs, corrected: Collection[str]) -> Aside:
    by = repairs.last.get((aside.unit_id, aside.record_no)) or (repairs.last.get(aside.root) if aside.mends else None)
    if by and by != aside.unit_id:
        return replace(aside, state="repair_failed" if (aside.root, by) in repairs.aside else "repaired", by=by)
    return replace(aside, state="superseded") if aside.unit_id in corrected else aside
