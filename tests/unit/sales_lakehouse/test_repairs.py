"""A repair stands in for the record it names: at its place, in its statement, with its sequence."""

import json

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import Pipelines, SourceSpec
from sales_lakehouse.stages.conform import conform_records
from sales_lakehouse.stages.repairs import with_repairs
from sales_lakehouse.stages.silver import decide, silver_ddl

GOOD, BAD = ("540113", "22776", "CAKESTAND", "1"), ("540113", "22222", "PLATE", "many")
REST = ("2011-01-05 09:11:00", "9.95", "13126.0", "EIRE")
# Units: u1 states a day; u3 is corrected by u4; r1 and r2 are repairs, r2 the newer one.
ARRIVED = {"u1": "t1", "u3": "t3", "u4": "t4", "r1": "t5", "r2": "t6"}
RECORDS = [
    # Record 3 of u1 could not be read: it is no row here, and r1 mends it.
    ("u1", 1, None, None, *GOOD),
    ("u1", 2, None, None, *BAD),
    ("u1", 4, None, None, *GOOD),
    ("u1", 5, None, None, *BAD),
    ("u3", 1, None, None, *BAD),
    ("u4", 1, None, None, *GOOD),
    ("r1", 1, "u1", 2, *BAD),
    ("r1", 2, "u1", 3, *GOOD),
    ("r1", 3, "u3", 1, *GOOD),
    ("r1", 4, "u1", 5, *BAD),
    ("r2", 1, "u1", 2, *GOOD),
]
FACTS_DDL = "_unit_id STRING, received_at STRING, unit_date STRING"


def bronze(spark: SparkSession, source: SourceSpec, rows: list[tuple[object, ...]]) -> DataFrame:
    texts = ", ".join(f"`{name}` STRING" for name in source.columns)
    ddl = f"_unit_id STRING, _record_no BIGINT, _repairs_unit STRING, _repairs_no BIGINT, {texts}"
    return local_frame(spark, rows, ddl)


@pytest.fixture(scope="module")
def decided(spark: SparkSession, pipelines: Pipelines) -> dict[tuple[str, int], Row]:
    source, table = pipelines.source("gift_partner"), pipelines.silver["sale_lines"]
    days = {"u1": "2011-01-05", "u3": "2011-01-06", "u4": "2011-01-06"}
    dated = [
        (*row, REST[0].replace("-05 ", "-06 ") if "u3" in row or "u4" in row else REST[0], *REST[1:]) for row in RECORDS
    ]
    facts_df = local_frame(spark, [(unit, at, days.get(unit)) for unit, at in ARRIVED.items()], FACTS_DDL)
    rows_df = conform_records(with_repairs(bronze(spark, source, dated), facts_df, source), source, table)
    decided_df = decide(rows_df, local_frame(spark, [], silver_ddl(table)), table, "r")
    return {(row["_unit_id"], row["_record_no"]): row for row in decided_df.collect()}


@pytest.mark.parametrize(
    ("place", "disposition", "by"),
    [
        (("u1", 1), "accepted_new", None),
        (("u1", 2), "repaired", "r2"),
        (("r1", 1), "repaired", "r2"),
        (("r2", 1), "accepted_new", None),
        (("r1", 2), "accepted_new", None),
        (("u3", 1), "repaired", "r1"),
        (("r1", 3), "superseded", None),
        (("u4", 1), "accepted_new", None),
        (("u1", 5), "quarantined", "r1"),
        (("r1", 4), "repair_failed", None),
    ],
    ids=[
        "a good record",
        "what a repair stands in for",
        "a repair that was repaired",
        "the newest repair",
        "the repair of an unreadable record",
        "a record of a file that was corrected since",
        "its repair, older than the correction",
        "the correction",
        "a record whose repair is wrong again",
        "the repair that is wrong again",
    ],
)
def test_every_row_has_its_place(
    decided: dict[tuple[str, int], Row], place: tuple[str, int], disposition: str, by: str | None
) -> None:
    assert (decided[place]["_disposition"], decided[place]["_repaired_by"]) == (disposition, by)


def test_lines_are_numbered_as_if_the_file_had_been_right(decided: dict[tuple[str, int], Row]) -> None:
    standing = [("u1", 1), ("r2", 1), ("r1", 2), ("u1", 4)]
    assert [decided[place]["line_number"] for place in standing] == [1, 2, 3, 4]


def test_what_was_repaired_keeps_its_reasons_and_its_number(decided: dict[tuple[str, int], Row]) -> None:
    row = decided["u1", 2]
    assert row["line_number"] == 2
    assert "quantity_is_readable" in row["_errors"]
    assert "line_is_numbered" not in row["_errors"]


def test_a_repair_belongs_to_the_statement_it_mends(decided: dict[tuple[str, int], Row]) -> None:
    repaired = decided["r2", 1]
    assert (repaired["_statement"], repaired["_scope"], repaired["_sequence"]) == ("u1", "2011-01-05", "t1")


def test_a_repaired_order_keeps_the_time_by_which_it_is_ordered(spark: SparkSession, pipelines: Pipelines) -> None:
    source = pipelines.source("online_shop")
    at = source.columns.index("updated_at")

    def order(updated: str) -> list[str]:
        return [*("x" for _ in source.columns[:at]), updated, *("x" for _ in source.columns[at + 1 :])]

    rows = [
        ("u1", 1, None, None, *order("10:00")),
        ("r1", 1, "u1", 1, *order("99:99")),
        ("r1", 2, "u1", 7, *order("12:00")),
    ]
    facts_df = local_frame(spark, [("u1", "t1", None), ("r1", "t2", None)], FACTS_DDL)
    mended = with_repairs(bronze(spark, source, rows), facts_df, source).collect()
    found = {(row["_unit_id"], row["_record_no"]): row["updated_at"] for row in mended}
    assert found == {("u1", 1): "10:00", ("r1", 1): "10:00", ("r1", 2): "12:00"}


def test_a_repaired_order_stands_whatever_its_texts_hash_to(spark: SparkSession, pipelines: Pipelines) -> None:
    source, table = pipelines.source("online_shop"), pipelines.silver["sale_lines"]
    orders = range(1, 9)

    def order(number: int, quantity: str) -> list[str | None]:
        line = {"line": 1, "sku": "A", "description": "b", "quantity": quantity, "unit_price": "1.5"}
        at = f"2011-01-05T09:0{number}:00"
        lines = json.dumps([{**line, "sold_at": at}])
        return [f"{number}", "1", "new", at, at, None, "EIRE", "GBP", lines]

    delivered = [("u1", number, None, None, *order(number, "many")) for number in orders]
    mended = [("r1", number, "u1", number, *order(number, "2")) for number in orders]
    facts_df = local_frame(spark, [("u1", "t1", None), ("r1", "t2", None)], FACTS_DDL)
    records_df = with_repairs(bronze(spark, source, [*delivered, *mended]), facts_df, source)
    decided_df = decide(
        conform_records(records_df, source, table), local_frame(spark, [], silver_ddl(table)), table, "r"
    )
    found = {(row["_unit_id"], row["_disposition"]) for row in decided_df.collect()}
    assert found == {("u1", "repaired"), ("r1", "accepted_new")}
