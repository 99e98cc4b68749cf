"""What is written down beside silver, and what of it must survive the next run."""

import gzip
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from sales_lakehouse import books
from sales_lakehouse.candidates import Candidate
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.landing.decisions import Decision, decide
from sales_lakehouse.recording import note_units, record_units, write_books
from sales_lakehouse.run import Run
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.tables import Lakehouse
from tests.conftest import PIPELINES

CANDIDATE_DDL = (
    "source STRING, currency_code STRING, line_amount DECIMAL(22,4), _unit_id STRING, _record_no BIGINT, _row_no INT, "
    "_scope STRING, _sequence STRING, _statement STRING, _statement_hash STRING, _winner STRING, _tied BOOLEAN, "
    "_disposition STRING, _old_amount DECIMAL(22,4), _old_slice DATE, _run_id STRING"
)


def candidate(spark: SparkSession, *dispositions: str) -> DataFrame:
    statement = ("2011-01-05", "t1", "u1", "u1", "u1")
    rows = [
        ("gift_partner", "GBP", None, "u1", number, 0, *statement, False, disposition, None, None, "r1")
        for number, disposition in enumerate(dispositions, start=1)
    ]
    return spark.createDataFrame(rows, CANDIDATE_DDL)


def write(lakehouse: Lakehouse, pipelines: Pipelines, candidate_df: DataFrame, *unit_ids: str) -> None:
    lakehouse.overwrite("candidates.sale_lines", candidate_df)
    units_df = lakehouse.spark.createDataFrame(
        [(unit, False) for unit in unit_ids], "unit_id STRING, was_applied BOOLEAN"
    )
    write_books(lakehouse, Candidate(lakehouse, pipelines.silver["sale_lines"], "r1"), units_df)


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


def test_a_released_unit_is_read_anew_under_todays_source_file(
    lakehouse: Lakehouse, pipelines: Pipelines, tmp_path: Path
) -> None:
    run, store = make_run(tmp_path), LandingStore(tmp_path / "lakehouse/landing")
    mended = pipelines.source("gift_partner").model_copy(update={"columns": ("Order", "Price")})
    lost = mended.model_copy(update={"columns": ("Order", "UnitPrice")})
    broken = deliver(store, "2011-01-05.csv", b"Order,Price\n1,2\n3,4\n")
    good = deliver(store, "2011-01-06.csv", b"Order,UnitPrice,Price\n5,6,7\n")
    record_units(lakehouse, run, lost, [broken, good])
    note_units(lakehouse, run, {"gift_partner": [broken, good]})
    store.set_state(broken, "quarantined")
    decide(store, broken, Decision.now("release", "ada", ""))
    record_units(lakehouse, run, mended, store.open_units("gift_partner"))
    rows = lakehouse.read("bronze.gift_partner").where("_kind <> 'header'").sort("_record_no").collect()
    assert [(row["Order"], row["_reason"]) for row in rows if row["_unit_id"] == broken.unit_id] == [
        ("1", None),
        ("3", None),
    ]
    assert [row["Order"] for row in rows if row["_unit_id"] == good.unit_id] == ["5"]


def test_the_rows_of_a_packed_unit_cover_what_it_unpacks_to(lakehouse: Lakehouse, tmp_path: Path) -> None:
    declared = shutil.copytree(PIPELINES, tmp_path / "pipelines") / "sources/gift_partner.yml"
    declared.write_text(declared.read_text().replace("kind: csv\n", "kind: csv\n  packed: gzip\n"))
    run, store = make_run(tmp_path, declared.parents[1]), LandingStore(tmp_path / "lakehouse/landing")
    lines = (PIPELINES / "samples/online-retail/2011-01-05.csv").read_bytes()[:-1]
    units = [deliver(store, "2011-01-05.csv", gzip.compress(lines)), deliver(store, "2011-01-06.csv", lines)]
    record_units(lakehouse, run, run.pipelines.source("gift_partner"), units)
    note_units(lakehouse, run, {"gift_partner": units})
    noted = lakehouse.read("ops.units").sort("name").collect()
    assert [(row["state"], row["bytes_covered"], row["size_bytes"]) for row in noted] == [
        ("recorded", len(lines), len(lines)),
        ("quarantined", len(lines), len(lines)),
    ]
    assert noted[0]["found"] == noted[0]["kept"] > 1000


def make_run(tmp_path: Path, pipelines: Path = PIPELINES) -> Run:
    root = str(tmp_path / "lakehouse")
    given = {"run_id": "r1", "lakehouse_root": root, "inbox_root": root, "pipelines_root": str(pipelines)}
    return Run.of(given)


def deliver(store: LandingStore, name: str, content: bytes) -> Manifest:
    unit = store.put(content, Manifest("gift_partner", name, f"{name[:10]}T06:00:00+00:00", name[:10]))
    assert unit
    return unit


def test_amounts_that_were_published_survive_a_unit_s_second_judgement(spark: SparkSession) -> None:
    """Two lines were published for 10, one of them later taken back by its own corrected order number."""
    old_df = balances(spark, ("accepted_new", 2, 10), ("replaced", 0, 4), run_id="r1")
    new_df = balances(
        spark, ("accepted_before", 1, 6), ("accepted_update", 1, 5), ("replaced", 0, 4), ("repaired", 1, 0)
    )
    assert told(books.settled(new_df, old_df)) == {
        ("accepted_new", "r1"): (0, 10),
        ("replaced", "r1"): (0, 4),
        ("accepted_new", "r2"): (1, 0),
        ("accepted_update", "r2"): (1, 5),
        ("replaced", "r2"): (0, 4),
        ("repaired", "r2"): (1, 0),
    }


def test_a_unit_that_was_superseded_since_keeps_the_amount_it_had_published(spark: SparkSession) -> None:
    old_df = balances(spark, ("accepted_new", 2, 10), ("quarantined", 1, 0), run_id="r1")
    settled_df = books.settled(balances(spark, ("superseded", 3, 12)), old_df.where("disposition = 'accepted_new'"))
    assert told(settled_df) == {("accepted_new", "r1"): (0, 10), ("superseded", "r2"): (3, 12)}


def told(balances_df: DataFrame) -> dict[tuple[str, str], tuple[int, int]]:
    rows = balances_df.collect()
    return {(row["disposition"], row["run_id"]): (row["records"], int(row["amount"])) for row in rows}


def balances(spark: SparkSession, *told: tuple[str, int, int], run_id: str = "r2") -> DataFrame:
    rows = [
        ("u1", "gift_partner", name, "GBP", records, records, Decimal(amount), 0, run_id)
        for name, records, amount in told
    ]
    return spark.createDataFrame(rows, books.BALANCES_DDL)
