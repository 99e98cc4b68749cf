"""A candidate is the same, however often its run builds it."""

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from sales_lakehouse.candidates import Candidate, build_candidate
from sales_lakehouse.promotion import promote_tables
from sales_lakehouse.run import Run
from sales_lakehouse.scan import scan_unit
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.stages.bronze import bronze_ddl
from sales_lakehouse.tables import Lakehouse
from tests.conftest import PIPELINES
from tests.unit.sales_lakehouse.test_silver import HEADER, A, B


def record(lakehouse: Lakehouse, pipelines: Pipelines, unit: str, content: str) -> DataFrame:
    source = pipelines.source("gift_partner")
    rows = [
        (*(p.values or {}).values(), None, p.kind, None, None, unit, p.record_no, p.start, p.length, None, None)
        for p in scan_unit(content.encode(), source)
        if p.kind == "record"
    ]
    lakehouse.append("bronze.gift_partner", lakehouse.spark.createDataFrame(rows, bronze_ddl(source)), unit)
    ddl = "unit_id STRING, source STRING, state STRING, received_at STRING, unit_date STRING"
    return lakehouse.spark.createDataFrame([(unit, "gift_partner", "recorded", unit, "2011-01-05")], ddl)


def test_a_retry_finds_again_what_a_corrected_file_no_longer_lists(
    lakehouse: Lakehouse, spark: SparkSession, pipelines: Pipelines, tmp_path: Path
) -> None:
    places = {"lakehouse_root": lakehouse.root, "inbox_root": str(tmp_path), "pipelines_root": str(PIPELINES)}
    first, second = (Run.of({"run_id": name, **places}) for name in ("r1", "r2"))
    table = pipelines.silver["sale_lines"]
    units = record(lakehouse, pipelines, "u1", HEADER + A + B)
    promote_tables(lakehouse, first, [build_candidate(lakehouse, first, table, units)])
    units = record(lakehouse, pipelines, "u2", HEADER + A)
    for _ in range(2):
        build_candidate(lakehouse, second, table, units)
    rows = Candidate(lakehouse, table, "r2").rows_df.collect()
    assert sorted(row["_disposition"] for row in rows) == ["deleted", "unchanged"]
