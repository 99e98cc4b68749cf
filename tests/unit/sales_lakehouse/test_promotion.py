"""Promotion of several tables: what a killed run began, the next one finishes from the candidates."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sales_lakehouse import books
from sales_lakehouse.candidates import Candidate
from sales_lakehouse.plan import Intent, finish, make_plan, read_intent, write_intent
from sales_lakehouse.promotion import promote_silver, roll_forward
from sales_lakehouse.run import Run
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.stages.silver import decide, silver_ddl
from sales_lakehouse.tables import Lakehouse
from tests.conftest import PIPELINES
from tests.unit.sales_lakehouse.test_history import EARLY, LATE, conform


@pytest.fixture
def run(lakehouse: Lakehouse) -> Run:
    places = {"lakehouse_root": lakehouse.root, "inbox_root": "inbox", "pipelines_root": str(PIPELINES)}
    return Run.of({"run_id": "r2", **places})


def test_a_half_promoted_run_is_rolled_forward_once(
    lakehouse: Lakehouse, spark: SparkSession, pipelines: Pipelines, run: Run
) -> None:
    table = pipelines.silver["customers"]
    published = spark.createDataFrame([], silver_ddl(table))
    rows = conform(spark, pipelines, "u1", EARLY, LATE)
    lakehouse.overwrite("candidates.customers", decide(rows, published, table, "r1"))
    write_intent(run, Intent("r1", ["customers"], []))
    assert make_plan(run).in_words() == "a promotion to finish"

    assert roll_forward(lakehouse, run) == ["customers"]
    versions = lakehouse.read("silver.customers").orderBy("valid_from").collect()
    assert [row["is_current"] for row in versions] == [False, True]
    version = lakehouse.version("silver.customers")
    assert read_intent(run) is None
    assert roll_forward(lakehouse, run) == []

    # Killed after the commit and before the end was noted: the same again changes nothing.
    write_intent(run, Intent("r1", ["customers"], []))
    assert roll_forward(lakehouse, run) == ["customers"]
    assert lakehouse.version("silver.customers") == version


def test_a_promotion_changes_what_is_published_and_adds_the_rest(
    lakehouse: Lakehouse, spark: SparkSession, pipelines: Pipelines, run: Run
) -> None:
    table = pipelines.silver["customers"]
    for version in (EARLY, LATE):
        published = lakehouse.read_or_empty("silver.customers", silver_ddl(table))
        rows = conform(spark, pipelines, "u1", version)
        lakehouse.overwrite("candidates.customers", decide(rows, published, table, "r1"))
        promote_silver(lakehouse, run, Candidate(lakehouse, table, "r1"))
    versions = lakehouse.read("silver.customers").orderBy("valid_from").collect()
    assert [row["is_current"] for row in versions] == [False, True]


def test_what_a_repair_promotes_is_newer_than_what_later_runs_built(
    lakehouse: Lakehouse, spark: SparkSession, pipelines: Pipelines, run: Run
) -> None:
    """The repair has the start of the run that it repairs, which began before the later one."""
    gold, day = pipelines.gold["daily_sales"], datetime(2011, 1, 5, tzinfo=UTC)
    later = ("r9", run.started_at.replace(year=run.started_at.year + 1))
    lakehouse.append("ops.slices", books.slices_frame(spark, gold, [str(day.date())], "built", later), "r9/built")
    assert pending(lakehouse, pipelines) == []
    noted = books.next_note(lakehouse.read("ops.slices"), run, later=1)
    lakehouse.append("ops.slices", books.slices_frame(spark, gold, [str(day.date())], "pending", noted), "r2/pending")
    assert pending(lakehouse, pipelines) == ["2011-01-05"]
    noted = books.next_note(lakehouse.read("ops.slices"), run, later=0)
    lakehouse.append("ops.slices", books.slices_frame(spark, gold, [str(day.date())], "built", noted), "r2/built")
    assert pending(lakehouse, pipelines) == []


def pending(lakehouse: Lakehouse, pipelines: Pipelines) -> list[str]:
    return books.pending_slices([], lakehouse.read("ops.slices").collect(), pipelines.gold["daily_sales"])


def test_a_run_that_dies_while_it_notes_its_end_leaves_the_note_before(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(run)
    assert not make_plan(run).definitions_changed
    monkeypatch.setattr(Path, "write_bytes", half_written)
    with pytest.raises(KeyboardInterrupt, match="killed while it wrote"):
        finish(run)
    assert not make_plan(run).definitions_changed


def half_written(path: Path, content: bytes) -> int:
    """Write half of it, as a process that is killed may."""
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
    raise KeyboardInterrupt("killed while it wrote")
