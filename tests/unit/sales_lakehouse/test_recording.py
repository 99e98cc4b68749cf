"""What is written down beside silver, and what of it must survive the next run."""

from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

from sales_lakehouse import books
from sales_lakehouse.candidates import Candidate
from sales_lakehouse.recording import write_books
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.tables import Lakehouse

CANDIDATE_DDL = (
    "source STRING, currency_code STRING, line_amount DECIMAL(22,4), _unit_id STRING, _record_no BIGINT, _row_no INT, "
    "_scope STRING, _statement STRING, _winner STRING, _disposition STRING, _old_amount DECIMAL(22,4), _old_slice DATE, "
    "_run_id STRING"
)


def candidate(spark: SparkSession, *dispositions: str) -> DataFrame:
    rows = [
        ("gift_partner", "GBP", None, "u1", number, 0, "2011-01-05", "u1", "u1", disposition, None, None, "r1")
        for number, disposition in enumerate(dispositions, start=1)
    ]
    return spark.createDataFrame(rows, CANDIDATE_DDL)


def write(lakehouse: Lakehouse, pipelines: Pipelines, candidate_df: DataFrame, *unit_ids: str) -> None:
    lakehouse.overwrite("candidates.sale_lines", candidate_df)
    write_books(lakehouse, Candidate(lakehouse, pipelines.silver["sale_lines"], "r1"), [*unit_ids])


@pytest.mark.parametrize(("units", "kept"), [(["u1"], 0), ([], 2)], ids=["recorded", "applied"])
def test_a_run_without_its_records_leaves_the_quarantine_of_an_applied_unit(
    lakehouse: Lakehouse, pipelines: Pipelines, spark: SparkSession, units: list[str], kept: int
) -> None:
    write(lakehouse, pipelines, candidate(spark, "quarantined", "quarantined", "superseded"), "u1")
    write(lakehouse, pipelines, candidate(spark), *units)
    assert lakehouse.read("quarantine.sale_lines").count() == kept
    assert lakehouse.read("ops.balances").count() == kept


def test_judging_a_unit_again_replaces_what_was_written_for_it(
    lakehouse: Lakehouse, pipelines: Pipelines, spark: SparkSession
) -> None:
    for dispositions in (["quarantined", "quarantined"], ["accepted_new", "quarantined"]):
        write(lakehouse, pipelines, candidate(spark, *dispositions), "u1")
    assert [row["_record_no"] for row in lakehouse.read("quarantine.sale_lines").collect()] == [2]
    assert {row["disposition"]: row["records"] for row in lakehouse.read("ops.balances").collect()} == {
        "accepted_new": 1,
        "quarantined": 1,
    }


def test_an_applied_unit_stays_applied_when_it_is_counted_again(spark: SparkSession) -> None:
    assert current(spark, ("u1", "t1", "applied", 1), ("u1", "t1", "recorded", 2)) == ("applied", 1)


def test_a_recorded_unit_is_told_by_its_newest_note(spark: SparkSession) -> None:
    assert current(spark, ("u1", "t1", "recorded", 2), ("u1", "t1", "recorded", 1)) == ("recorded", 2)


def test_a_unit_that_came_back_is_to_be_applied_again(spark: SparkSession) -> None:
    assert current(spark, ("u1", "t1", "applied", 1), ("u1", "t2", "recorded", 2)) == ("recorded", 2)


def current(spark: SparkSession, *notes: tuple[str, str, str, int]) -> tuple[str, int]:
    log = [(*note, datetime(2026, 1, day, tzinfo=UTC)) for *note, day in notes]
    ddl = "unit_id STRING, received_at STRING, state STRING, noted_at TIMESTAMP"
    (row,) = books.current_units(spark.createDataFrame(log, ddl)).collect()
    return row["state"], row["noted_at"].day
