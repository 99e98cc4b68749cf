"""History: every version of a customer is kept, and says until when it holds."""

from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession

from sales_lakehouse import books
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.stages.conform import conform_records
from sales_lakehouse.stages.repairs import as_delivered
from sales_lakehouse.stages.silver import (
    decide,
    future_of,
    select_changes,
    select_pending,
    select_refused_since,
    silver_ddl,
)
from sales_lakehouse.stages.standing import stated
from tests.rows import records_of

Version = tuple[str, str, str]  # customer, day of January it holds from, segment


def conform(spark: SparkSession, pipelines: Pipelines, unit: str, *versions: Version) -> DataFrame:
    source = pipelines.source("shop_customers")
    records = ", ".join(
        f'{{"customer_id": "{customer}", "country_name": "EIRE", "segment": "{segment}", '
        f'"first_seen_at": "2011-01-04T10:00:00", "updated_at": "2011-01-{day}T10:00:00Z"}}'
        for customer, day, segment in versions
    )
    found = records_of(f'{{"customers": [{records}]}}'.encode(), source)
    rows = [(*(row[name] for name in source.columns), unit, row["_record_no"], "t", None) for row in found]
    ddl = ", ".join(f"`{name}` STRING" for name in source.columns)
    schema = f"{ddl}, _unit_id STRING, _record_no BIGINT, received_at STRING, unit_date STRING"
    return conform_records(as_delivered(spark.createDataFrame(rows, schema)), source, pipelines.silver["customers"])


def publish(spark: SparkSession, pipelines: Pipelines, *steps: list[Version]) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Promote one batch after the other; return the last candidate, its changes and the table after it."""
    table = pipelines.silver["customers"]
    published = spark.createDataFrame([], silver_ddl(table))
    for number, versions in enumerate(steps):
        decided = decide(conform(spark, pipelines, f"u{number}", *versions), published, table, f"r{number}")
        candidate = spark.createDataFrame(decided.collect(), decided.schema)
        changes = select_changes(published, candidate, table)
        future = future_of(published, candidate, table)
        published = spark.createDataFrame(future.collect(), silver_ddl(table))
    return candidate, changes, published


def history_of(published: DataFrame) -> list[tuple[object, ...]]:
    rows = published.orderBy("customer_id", "valid_from").collect()
    return [
        (
            r["valid_from"].day,
            r["valid_to"] and r["valid_to"].day,
            r["customer_segment"],
            r["is_first"],
            r["is_current"],
        )
        for r in rows
    ]


EARLY, MIDDLE, LATE = ("1", "04", "retail"), ("1", "06", "wholesale"), ("1", "10", "retail")
WHOLE = [(4, 6, "retail", True, False), (6, 10, "wholesale", False, False), (10, None, "retail", False, True)]


def test_a_version_holds_until_the_next(spark: SparkSession, pipelines: Pipelines) -> None:
    _, _, published = publish(spark, pipelines, [EARLY, MIDDLE, LATE])
    assert history_of(published) == WHOLE


def test_a_late_version_lands_in_the_middle_and_changes_its_neighbour(
    spark: SparkSession, pipelines: Pipelines
) -> None:
    _, changes, published = publish(spark, pipelines, [EARLY, LATE], [MIDDLE])
    assert history_of(published) == WHOLE
    written = {row["valid_from"].day: row["_change"] for row in changes.collect()}
    assert written == {4: "update", 6: "new"}


def test_the_same_list_again_changes_nothing(spark: SparkSession, pipelines: Pipelines) -> None:
    candidate, changes, published = publish(spark, pipelines, [EARLY, LATE], [LATE, EARLY])
    assert {row["_disposition"] for row in candidate.collect()} == {"unchanged"}
    assert changes.isEmpty()
    assert published.count() == 2


def test_of_two_records_with_one_time_one_stands_and_the_other_is_superseded(
    spark: SparkSession, pipelines: Pipelines
) -> None:
    other = ("1", "04", "wholesale")
    results = []
    for versions in ([EARLY, other], [other, EARLY]):
        candidate, _, published = publish(spark, pipelines, versions)
        assert sorted(r["_disposition"] for r in candidate.collect()) == ["accepted_new", "superseded"]
        results.append(history_of(published))
    assert results[0] == results[1]


def test_a_version_that_breaks_a_rule_is_quarantined(spark: SparkSession, pipelines: Pipelines) -> None:
    candidate, _, published = publish(spark, pipelines, [EARLY, ("x", "04", "retail"), ("2", "04", "vip")])
    errors = {row["customer_id"]: row["_errors"] for row in candidate.where("_disposition = 'quarantined'").collect()}
    assert errors == {"x": ["customer_is_numbered"], "2": ["segment_is_known"]}
    assert published.count() == 1


def test_the_books_count_records_without_amounts(spark: SparkSession, pipelines: Pipelines) -> None:
    candidate, _, _ = publish(spark, pipelines, [EARLY, MIDDLE])
    (row,) = books.balance(candidate, pipelines.silver["customers"], "r0").collect()
    assert (row["records"], row["amount"], row["currency_code"]) == (2, 0, None)


def test_a_reference_is_pending_until_its_dimension_knows_it(spark: SparkSession, pipelines: Pipelines) -> None:
    _, _, known = publish(spark, pipelines, [EARLY])
    (reference,) = [r for r in pipelines.silver["sale_lines"].references if r.to == "customers"]
    facts = spark.createDataFrame([("1",), ("7",), ("7",), (None,)], "customer_id STRING")
    rows = select_pending(facts, known, reference, "sale_lines").collect()
    assert [tuple(row) for row in rows] == [("sale_lines", "customer_id", "7", 2)]


def test_times_are_utc(spark: SparkSession, pipelines: Pipelines) -> None:
    _, _, published = publish(spark, pipelines, [EARLY])
    (row,) = published.selectExpr("unix_timestamp(valid_from) AS s").collect()
    assert row["s"] == datetime(2011, 1, 4, 10, tzinfo=UTC).timestamp()


def test_a_version_that_todays_mapping_gives_another_key_leaves_its_old_one(
    spark: SparkSession, pipelines: Pipelines
) -> None:
    """Of two customers, one gets another number and one is refused; the third is not judged again."""
    table, other, bystander = pipelines.silver["customers"], ("2", "05", "retail"), ("3", "06", "retail")
    _, _, published = publish(spark, pipelines, [EARLY, other], [bystander])
    again_df = conform(spark, pipelines, "u0", ("7", "04", "retail"), ("2", "05", "vip"))
    decided = decide(again_df, published, table, "r2", stated(published.where("_unit_id <> 'u0'")))
    candidate = decided.unionByName(select_refused_since(decided, published, table, "r2"))
    changes = select_changes(published, candidate, table).collect()
    assert sorted((row["customer_id"], row["_change"]) for row in changes) == [
        ("1", "delete"),
        ("2", "delete"),
        ("7", "new"),
    ]
    kept = future_of(published, candidate, table).collect()
    assert sorted(row["customer_id"] for row in kept) == ["3", "7"]
