"""Bronze: every record of a unit as text under its column's name, with its lineage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse.landing.content import open_content
from sales_lakehouse.scan import Part, count_records, scan_part, scan_unit
from sales_lakehouse.specs import SourceSpec

PARTS_DDL = (
    "unit_id STRING, path STRING, stated MAP<STRING,STRING>, part_start BIGINT, part_end BIGINT, "
    "records_before BIGINT, records BIGINT"
)
"""What is to be read: a unit, or a part of a large one with how many records it holds and stand before it."""
_LINEAGE = (
    "_extra STRING, _kind STRING, _reason STRING, _raw STRING, _unit_id STRING, _record_no BIGINT, "
    "_byte_start BIGINT, _byte_length BIGINT"
)
_REPAIRS = "_repairs_unit STRING, _repairs_no BIGINT"


def bronze_ddl(source: SourceSpec) -> str:
    """Return the schema of a source's bronze table: agreed columns as text, then lineage.

    Nulls: `_repairs_unit` and `_repairs_no` name the record that a row stands in for; a delivered row names none.
    """
    return f"{_read_ddl(source)}, _ingested_at TIMESTAMP, _run_id STRING, {_REPAIRS}"


def read_records(parts_df: DataFrame, source: SourceSpec, run_id: str, ingested_at: datetime) -> DataFrame:
    """Cut units into the rows of the source's bronze table.

    Grain: one row per unit, or part of one (PARTS_DDL) → one row per record, header, blank, preamble or footer.
    A refused record keeps its reason and raw text in place of values; the byte spans of a unit's rows cover it.
    """

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for row in _rows_of(batches):
            for rows in _scan(row, source):
                yield _with_unit(rows, row["unit_id"])

    rows_df = parts_df.mapInArrow(read, _read_ddl(source))
    return rows_df.withColumn("_ingested_at", F.lit(ingested_at)).withColumn("_run_id", F.lit(run_id))


def count_parts(parts_df: DataFrame, source: SourceSpec) -> DataFrame:
    """Count the records of parts, so that each can number its own.

    Grain: one row per part → the same: `unit_id`, `part_start` and `records`.
    """

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for row in _rows_of(batches):
            part = Part(row["part_start"], row["part_end"])
            records = count_records(open_content(row["path"]), source, part)
            counted = {"unit_id": row["unit_id"], "part_start": part.start, "records": records}
            yield pa.RecordBatch.from_pylist([counted])

    return parts_df.mapInArrow(count, "unit_id STRING, part_start BIGINT, records BIGINT")


def _rows_of(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    return (row for batch in batches for row in batch.to_pylist())


def _scan(row: dict[str, Any], source: SourceSpec) -> Iterator[pa.RecordBatch]:
    content = open_content(str(row["path"]))
    if row["records"] is None:
        return scan_unit(content, source, dict(row["stated"] or ()))
    part = Part(row["part_start"], row["part_end"])
    return scan_part(content, source, part, row["records_before"], row["records"])


def _read_ddl(source: SourceSpec) -> str:
    return ", ".join([*(f"`{name}` STRING" for name in source.columns), _LINEAGE])


def _with_unit(batch: pa.RecordBatch, unit_id: str) -> pa.RecordBatch:
    """Name the unit, before the rows' numbers and spans."""
    return batch.add_column(batch.schema.get_field_index("_record_no"), "_unit_id", pa.repeat(unit_id, batch.num_rows))
