"""Say what is to be read of landed units: small ones whole, large ones in parts that several workers share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.landing.content import open_content
from sales_lakehouse.scan import Part, cut_unit
from sales_lakehouse.scan.parts import PART_BYTES
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.stages.bronze import PARTS_DDL, count_parts

Row = tuple[Any, ...]


def parts_frame(
    spark: SparkSession, store: LandingStore, source: SourceSpec, units: list[Manifest], part_bytes: int = PART_BYTES
) -> DataFrame:
    """Return what is to be read of units.

    Grain: one row per unit, or part of a large one (PARTS_DDL). The parts are counted first, by as many workers.
    """
    rows: list[Row] = []
    parts: list[Row] = []
    for unit in units:
        path = store.content_path(unit)
        cut = _cut(path, source, unit, part_bytes)
        about = (unit.unit_id, str(path), [*unit.stated.items()])
        if len(cut) == 1:
            rows.append((*about, None, None, None, None))
        parts += [(*about, part.start, part.end, None, None) for part in cut if len(cut) > 1]
    counted = _counted(spark, source, parts) if parts else ()
    return local_frame(spark, [*counted, *rows], PARTS_DDL)


def _cut(path: Path, source: SourceSpec, unit: Manifest, part_bytes: int) -> list[Part]:
    if unit.size_bytes <= 2 * part_bytes:
        return [Part(0, unit.size_bytes)]
    return cut_unit(open_content(str(path)), source, unit.stated, part_bytes)


def _counted(spark: SparkSession, source: SourceSpec, parts: list[Row]) -> Iterator[Row]:
    """Yield parts with how many records they hold, and how many of their unit stand before them."""
    counts_df = count_parts(local_frame(spark, parts, PARTS_DDL), source)
    records = {(unit_id, start): count for unit_id, start, count in map(tuple, counts_df.collect())}
    before: dict[str, int] = {}
    for unit_id, path, stated, start, end, *_ in parts:
        held = records[unit_id, start]
        yield unit_id, path, stated, start, end, before.get(unit_id, 0), held
        before[unit_id] = before.get(unit_id, 0) + held
