"""Bronze: every record of a unit as text under its column's name, with its lineage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse.scan import scan_unit
from sales_lakehouse.specs import SourceSpec

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


def read_records(units_df: DataFrame, source: SourceSpec, run_id: str, ingested_at: datetime) -> DataFrame:
    """Cut units into the rows of the source's bronze table.

    Grain: one row per unit (`unit_id`, `content`) → one row per record, header, blank, preamble or footer.
    A refused record keeps its reason and raw text in place of values; the byte spans of a unit's rows cover it.
    """

    def read(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for unit_id, content in zip(batch["unit_id"].to_pylist(), batch["content"].to_pylist(), strict=True):
                for rows in scan_unit(content, source):
                    yield _with_unit(rows, unit_id)

    rows_df = units_df.select("unit_id", "content").mapInArrow(read, _read_ddl(source))
    return rows_df.withColumn("_ingested_at", F.lit(ingested_at)).withColumn("_run_id", F.lit(run_id))


def _read_ddl(source: SourceSpec) -> str:
    return ", ".join([*(f"`{name}` STRING" for name in source.columns), _LINEAGE])


def _with_unit(batch: pa.RecordBatch, unit_id: str) -> pa.RecordBatch:
    """Name the unit, before the rows' numbers and spans."""
    return batch.add_column(batch.schema.get_field_index("_record_no"), "_unit_id", pa.repeat(unit_id, batch.num_rows))
