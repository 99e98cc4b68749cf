"""A candidate is the same, however often its run builds it."""

from pathlib import Path

import pytest
from pyspark.sql import DataFrame

from sales_lakehouse.candidates import Candidate, build_candidate
from sales_lakehouse.promotion import promote_tables
from sales_lakehouse.run import Run
from sales_lakehouse.scan import scan_schema
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.stages.bronze import bronze_ddl
from sales_lakehouse.tables import Lakehouse
from tests.conftest import PIPELINES
from tests.rows import records_of
from tests.unit.sales_lakehouse.test_silver import HEADER, A, B


def record(lakehouse: Lakehouse, pipelines: Pipelines, unit: str, content: str) -> DataFrame:
    source = pipelines.source("gift_partner")
    schema = scan_schema(source).names
    rows = [
        (*(row[name] for name in schema[:-3]), unit, *(row[name] for name in schema[-3:]), None, None, None, None)
        for row in records_of(content.encode(), source)
    ]
    lakehouse.append("bronze.gift_partner", local_frame(lakehouse.spark, rows, bronze_ddl(source)), unit)
    ddl = "unit_id STRING, source STRING, state STRING, received_at STRING, unit_date STRING, found BIGINT, is_repair BOOLEAN"
    return local_frame(lakehouse.spark, [(unit, "gift_partner", "recorded", unit, "2011-01-05", len(rows), False)], ddl)


@pytest.fixture
def runs(lakehouse: Lakehouse, tmp_path: Path) -> list[Run]:
    places = {"lakehouse_root": lakehouse.root, "inbox_root": str(tmp_path), "pipelines_root": str(PIPELINES)}
    return [Run.of({"run_id": name, **places}) for name in ("r1", "r2", "r3")]


def test_a_retry_finds_again_what_a_corrected_file_no_longer_lists(
    lakehouse: Lakehouse, pipelines: Pipelines, runs: list[Run]
) -> None:
    table = pipelines.silver["sale_lines"]
    units = record(lakehouse, pipelines, "u1", HEADER + A + B)
    promote_tables(lakehouse, runs[0], [build_candidate(lakehouse, runs[0], table, units)], units)
    units = record(lakehouse, pipelines, "u2", HEADER + A)
    for _ in range(2):
        build_candidate(lakehouse, runs[1], table, units)
    rows = Candidate(lakehouse, table, "r2").rows_df.collect()
    assert sorted(row["_disposition"] for row in rows) == ["deleted", "unchanged"]


def test_a_corrected_file_without_a_line_empties_its_day_and_keeps_older_files_out(
    lakehouse: Lakehouse, pipelines: Pipelines, runs: list[Run]
) -> None:
    table = pipelines.silver["sale_lines"]
    units = record(lakehouse, pipelines, "u2", HEADER + A)
    promote_tables(lakehouse, runs[0], [build_candidate(lakehouse, runs[0], table, units)], units)
    units = record(lakehouse, pipelines, "u3", HEADER)
    emptied = build_candidate(lakehouse, runs[1], table, units)
    (gone,) = emptied.balances_df.collect()
    assert (gone["unit_id"], gone["disposition"], gone["records"], gone["line_count"]) == ("u3", "deleted", 0, 1)
    promote_tables(lakehouse, runs[1], [emptied], units)
    assert lakehouse.read("silver.sale_lines").isEmpty()

    late = record(lakehouse, pipelines, "u1", HEADER + B)
    rows = build_candidate(lakehouse, runs[2], table, late).rows_df.collect()
    assert [row["_disposition"] for row in rows] == ["superseded"]
