"""Which versions of tables a step read and left."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from sales_lakehouse.tables import Lakehouse
from sales_lakehouse.uses import TableUses, newest_version


def commit(folder: Path, version: int) -> None:
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    (log / f"{version:020}.json").touch()
    (log / f"{version:020}.checkpoint.parquet").touch()
    (log / ".00000000000000000099.json.tmp").touch()


def test_the_version_that_was_read_first_and_the_last_one_written_are_told(tmp_path: Path) -> None:
    commit(tmp_path / "a", 7)
    uses = TableUses()
    uses.note_read("a", str(tmp_path / "a"))
    uses.note_write("a", str(tmp_path / "a"))
    commit(tmp_path / "a", 8)
    uses.note_read("a", str(tmp_path / "a"))
    uses.note_write("b", str(tmp_path / "b"))
    commit(tmp_path / "b", 0)
    uses.note_read("b", str(tmp_path / "b"))
    assert uses.as_values() == [
        {"table": "a", "read": 7, "written": 8},
        {"table": "b", "read": None, "written": 0},
    ]


def test_where_no_log_lies_in_a_folder_the_version_is_not_told(tmp_path: Path) -> None:
    assert newest_version("s3://bucket/silver/a") is None
    assert newest_version(str(tmp_path)) is None


def test_a_lakehouse_notes_every_way_of_reading_and_writing(spark: SparkSession, tmp_path: Path) -> None:
    rows_df = spark.createDataFrame([(1, "2011-01-04")], "k INT, d STRING")
    first = Lakehouse(spark, str(tmp_path), "r1")
    first.append("bronze.a", rows_df, "w1")
    first.overwrite("candidates.b", rows_df)
    first.replace("gold.c", rows_df, "d = '2011-01-04'")
    assert {use["table"]: use["written"] for use in first.uses.as_values()} == {
        "bronze.a": 0,
        "candidates.b": 0,
        "gold.c": 0,
    }
    second = Lakehouse(spark, str(tmp_path), "r2")
    second.read("bronze.a")
    second.read_or_empty("gold.c", "k INT, d STRING")
    second.read_or_empty("silver.never", "k INT")
    second.grow("bronze.a", {"k": "INT", "d": "STRING", "e": "STRING"})
    changes_df = rows_df.selectExpr("k", "d", "'update' AS _change")
    second.merge_changes("gold.c", changes_df, ("k",), ["k", "d"])
    assert second.uses.as_values() == [
        {"table": "bronze.a", "read": 0, "written": 1},
        {"table": "gold.c", "read": 0, "written": 1},
    ]
