"""Judge a repair before it lands: what would become of each record, with nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.quarantine import Correction, repair_content
from sales_lakehouse.scan import scan_unit
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import Pipelines, SilverSpec, SourceSpec
from sales_lakehouse.stages.bronze import bronze_ddl
from sales_lakehouse.stages.conform import conform_records
from sales_lakehouse.stages.repairs import repair_form, with_repairs
from sales_lakehouse.stages.silver import silver_ddl
from sales_lakehouse.tables import Lakehouse

_REHEARSED = "rehearsed"
_FACTS_DDL = "_unit_id STRING, received_at STRING, unit_date STRING"


def rehearse_repair(
    lakehouse: Lakehouse,
    store: LandingStore,
    pipelines: Pipelines,
    source: SourceSpec,
    corrections: Sequence[Correction],
) -> list[list[str]]:
    """Return the rules that each corrected record would break; none where it would be accepted."""
    table = pipelines.table_of(source)
    named = {each.aside.root[0] for each in corrections}
    units = [unit for unit in store.manifests(source.source) if unit.unit_id in named or named & {*unit.repairs}]
    records_df = _records(lakehouse, source, units, repair_content(corrections))
    known = {column: _entities(lakehouse, pipelines, table, column) for column in source.silver.hold_unknown}
    rows_df = conform_records(with_repairs(records_df, _facts(lakehouse, units), source), source, table, known)
    errors_df = rows_df.where(F.col("_unit_id") == _REHEARSED).select("_record_no", "_errors")
    broken: dict[int, list[str]] = {number: [] for number in range(1, len(corrections) + 1)}
    for number, errors in errors_df.collect():
        broken[number] = [*dict.fromkeys([*broken[number], *errors])]
    return [*broken.values()]


def _entities(lakehouse: Lakehouse, pipelines: Pipelines, table: SilverSpec, column: str) -> DataFrame:
    """Return the entities that are published, of the dimension that a column names."""
    dimension = pipelines.silver[table.dimension_of(column)]
    return lakehouse.read_or_empty(f"silver.{dimension.table}", silver_ddl(dimension)).select(column)


def _records(lakehouse: Lakehouse, source: SourceSpec, units: list[Manifest], content: bytes) -> DataFrame:
    rows: Any = pa.Table.from_batches(scan_unit(content, repair_form(source)))
    rows_df = lakehouse.spark.createDataFrame(rows).withColumns(
        {"_unit_id": F.lit(_REHEARSED), "_repairs_no": F.expr("try_cast(_repairs_no AS BIGINT)")}
    )
    there_df = lakehouse.read_or_empty(f"bronze.{source.source}", bronze_ddl(source))
    named_df = there_df.where(F.col("_unit_id").isin([unit.unit_id for unit in units]))
    return named_df.unionByName(rows_df, allowMissingColumns=True).where("_kind = 'record'")


def _facts(lakehouse: Lakehouse, units: list[Manifest]) -> DataFrame:
    facts = [(unit.unit_id, unit.received_at, unit.business_date) for unit in units]
    newest = (_REHEARSED, datetime.now(UTC).isoformat(), None)
    return local_frame(lakehouse.spark, [*facts, newest], _FACTS_DDL)
