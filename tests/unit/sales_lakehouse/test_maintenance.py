"""Maintenance lets go of what is kept no longer, and neither a row nor the books change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.ledger.chain import foreign_commits
from sales_lakehouse.ledger.seals import active_files, seal_files
from sales_lakehouse.ledger.statement import Choice, draw_up
from sales_lakehouse.maintenance import Keep, maintain_table, published_tables, retire_landing, retire_quarantine
from sales_lakehouse.run import Run
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.tables import Lakehouse
from tests.conftest import PIPELINES
from tests.small_lakehouse import SOURCE, build

LAST_DAY = datetime(2011, 1, 8, 12, tzinfo=UTC)
"""When the last of the five small deliveries is six hours old, the first two and a half days."""


def run_of(root: Path, moment: datetime = LAST_DAY) -> Run:
    places = {"lakehouse_root": str(root), "inbox_root": str(root / "inbox"), "pipelines_root": str(PIPELINES)}
    return Run.of({"run_id": "m1", "started_at": moment.isoformat(), **places})


def findings(root: Path, pipelines: Pipelines) -> list[str]:
    seal_files(root)
    statement = draw_up(root, pipelines, Choice(), deep=True)
    return [
        fault.in_words() for fault in statement.faults if fault.where.startswith(("landing", "bronze", "quarantine"))
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"keep_versions_days": "6"}, "keep_versions_days is 6; expected 7 or more"),
        ({"keep_versions_days": "a month"}, "keep_versions_days is 'a month'; expected a number of days"),
        ({"keep_versions_days": "30", "keep_landing_days": "-1"}, "keep_landing_days is '-1'; expected a number"),
    ],
    ids=["too short", "no number", "negative"],
)
def test_days_that_cannot_be_kept_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Keep.of(given)


def test_nothing_said_is_for_good(tmp_path: Path) -> None:
    keep = Keep.of({"keep_versions_days": "30", "keep_landing_days": "", "keep_quarantine_days": ""})
    assert keep == Keep(30, None, None)
    build(tmp_path)
    assert retire_landing(run_of(tmp_path, LAST_DAY + timedelta(days=9999)), keep) == {}


def test_old_bytes_are_let_go_and_the_books_know(tmp_path: Path, pipelines: Pipelines) -> None:
    units = build(tmp_path)
    store = LandingStore(tmp_path / "landing")
    assert retire_landing(run_of(tmp_path), Keep(30, landing=1)) == {SOURCE: 3}
    there = {name for name, unit in units.items() if store.content_path(unit.manifest).exists()}
    assert there == {"corrected"}
    assert len(store.manifests(SOURCE)) == 4
    assert findings(tmp_path, pipelines) == []
    assert retire_landing(run_of(tmp_path), Keep(30, landing=1)) == {SOURCE: 0}

    store.content_path(units["corrected"].manifest).unlink()
    (lost,) = findings(tmp_path, pipelines)
    assert "its bytes are missing, the manifest is there" in lost


def test_bytes_that_come_back_are_there_again(tmp_path: Path, pipelines: Pipelines) -> None:
    units = build(tmp_path)
    store, first = LandingStore(tmp_path / "landing"), units["first"].manifest
    content = store.content_path(first).read_bytes()
    retire_landing(run_of(tmp_path), Keep(30, landing=1))
    kept = store.put(content, Manifest(SOURCE, first.name, "2011-01-09T06:00:00Z", business_date=first.business_date))
    assert kept is not None
    assert store.content_path(kept).read_bytes() == content
    assert findings(tmp_path, pipelines) == []


@pytest.mark.parametrize("kind", ["open", "page of an API", "repair"])
def test_bytes_that_somebody_still_needs_stay(tmp_path: Path, kind: str) -> None:
    store = LandingStore(tmp_path / "landing")
    about = {"page of an API": {"reading": "r"}, "repair": {"repairs": ["u"]}, "open": {}}[kind]
    unit = store.put(b"a", Manifest(SOURCE, "a", "2011-01-01T06:00:00Z", **about))  # type: ignore[arg-type]
    assert unit is not None
    if kind != "open":
        store.mark(SOURCE, [unit.unit_id], "applied")
    assert retire_landing(run_of(tmp_path), Keep(30, landing=1)) == {SOURCE: 0}
    assert store.content_path(unit).exists()


def test_a_maintained_table_holds_the_same_rows_in_fewer_files(
    spark: SparkSession, lakehouse: Lakehouse, pipelines: Pipelines
) -> None:
    root = Path(lakehouse.root)
    for number in range(3):
        lakehouse.append("ops.gates", spark.createDataFrame([(number,)], "n INT"), f"r{number}")
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    try:
        upkeep = maintain_table(lakehouse, "ops.gates", Keep(versions=0))
    finally:
        spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    assert (upkeep.files_before, upkeep.files_after) == (3, 1)
    assert [path.name for path in (root / "ops/gates").glob("*.parquet")] == [active_files(root, "ops.gates")[0].path]
    assert foreign_commits(root) == []
    assert published_tables(lakehouse) == ["ops.gates"]
    assert seal_files(root) == 1

    (checkpoint,) = (root / "ops/gates/_delta_log").glob(f"{upkeep.version:020}.checkpoint*.parquet")
    ids = ds.dataset(checkpoint).to_table()["txn"].to_pylist()
    assert sorted(each["appId"] for each in ids if each) == [f"ops.gates/r{number}" for number in range(3)]
    lakehouse.append("ops.gates", spark.createDataFrame([(2,)], "n INT"), "r2")
    assert sorted(row["n"] for row in lakehouse.read("ops.gates").collect()) == [0, 1, 2]


def test_old_quarantined_rows_are_let_go_and_the_books_go_on_counting_them(
    spark: SparkSession, tmp_path: Path, pipelines: Pipelines
) -> None:
    build(tmp_path)
    lakehouse, keep = Lakehouse(spark, str(tmp_path), "m1"), Keep(30, quarantine=1)
    assert retire_quarantine(lakehouse, run_of(tmp_path), keep) == {f"quarantine.sale_lines of {SOURCE}": 1}
    assert lakehouse.read("quarantine.sale_lines").count() == 0
    assert foreign_commits(tmp_path) == []
    assert findings(tmp_path, pipelines) == []
