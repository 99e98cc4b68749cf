"""Tables grow with their contracts, in Delta: old rows stay, new columns are NULL, nothing is lost."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sales_lakehouse.candidates import Candidate
from sales_lakehouse.contracts import grow_silver, refused_changes
from sales_lakehouse.ledger import foreign_commits
from sales_lakehouse.promotion import promote_silver
from sales_lakehouse.run import Run
from sales_lakehouse.signature import sign
from sales_lakehouse.specs import GoldSpec, Pipelines, SilverSpec
from sales_lakehouse.stages.gold import slices_predicate
from sales_lakehouse.stages.silver import decide, silver_ddl
from sales_lakehouse.tables import Lakehouse
from tests.conftest import PIPELINES
from tests.unit.sales_lakehouse.test_history import EARLY, LATE, conform

CUSTOMERS, DAILY = "silver.customers", "gold.daily_sales"


def changed(table: Any, **kinds: str | None) -> Any:
    """Return a contract with columns of other types, new optional columns, or columns gone (None)."""
    known = {column.name: column for column in table.columns}
    template = table.columns[0].model_copy(update={"required": False})
    known |= {
        name: known.get(name, template).model_copy(update={"name": name, "type": kind}) for name, kind in kinds.items()
    }
    return table.model_copy(update={"columns": tuple(c for c in known.values() if kinds.get(c.name, "") is not None)})


def with_silver(pipelines: Pipelines, table: SilverSpec) -> Pipelines:
    return replace(pipelines, silver={**pipelines.silver, table.table: table})


def rows_of(lakehouse: Lakehouse, name: str) -> list[dict[str, Any]]:
    """Read a table as any Delta reader does."""
    rows: list[dict[str, Any]] = DeltaTable(lakehouse.path(name)).to_pyarrow_table().to_pylist()
    return rows


@pytest.fixture
def run(lakehouse: Lakehouse) -> Run:
    return Run.of(
        {"run_id": "r1", "lakehouse_root": lakehouse.root, "inbox_root": "inbox", "pipelines_root": f"{PIPELINES}"}
    )


def promote(lakehouse: Lakehouse, run: Run, pipelines: Pipelines, table: SilverSpec, *versions: Any) -> None:
    candidate = Candidate(lakehouse, table, run.run_id)
    rows = conform(lakehouse.spark, with_silver(pipelines, table), f"u{len(versions)}", *versions)
    lakehouse.overwrite(candidate.name, decide(rows, candidate.published_df, table, run.run_id))
    promote_silver(lakehouse, run, candidate)


def test_silver_gains_a_column_and_takes_rows_under_the_new_contract(
    lakehouse: Lakehouse, pipelines: Pipelines, run: Run
) -> None:
    old = pipelines.silver["customers"]
    promote(lakehouse, run, pipelines, old, EARLY)
    grown = changed(old, loyalty_level="INT")
    assert refused_changes(lakehouse, with_silver(pipelines, grown)) == []

    grow_silver(lakehouse, with_silver(pipelines, grown))
    assert [row["loyalty_level"] for row in rows_of(lakehouse, CUSTOMERS)] == [None]
    version = lakehouse.version(CUSTOMERS)
    grow_silver(lakehouse, with_silver(pipelines, grown))
    assert lakehouse.version(CUSTOMERS) == version

    promote(lakehouse, run, pipelines, grown, EARLY, LATE)
    assert [row["loyalty_level"] for row in rows_of(lakehouse, CUSTOMERS)] == [None, None]


def test_a_promotion_under_a_new_contract_grows_the_table_itself(
    lakehouse: Lakehouse, pipelines: Pipelines, run: Run
) -> None:
    old = pipelines.silver["customers"]
    promote(lakehouse, run, pipelines, old, EARLY)
    promote(lakehouse, run, pipelines, changed(old, loyalty_level="INT"), EARLY, LATE)
    assert len(rows_of(lakehouse, CUSTOMERS)) == 2
    assert "loyalty_level" in lakehouse.columns(CUSTOMERS)


@pytest.fixture
def daily(lakehouse: Lakehouse, pipelines: Pipelines) -> GoldSpec:
    """Publish two days of the gold table."""
    gold = pipelines.gold["daily_sales"]
    write_days(lakehouse, gold, "2011-01-04", "2011-01-05")
    return gold


def write_days(lakehouse: Lakehouse, gold: GoldSpec, *days: str) -> None:
    listed = ", ".join(f"DATE'{day}'" for day in days)
    values = [(c, "12.3456" if c.name == "net_amount" else "NULL") for c in gold.columns[1:]]
    columns = [f"CAST({value} AS {c.type}) AS {c.name}" for c, value in values]
    rows_df = lakehouse.spark.sql(f"SELECT explode(array({listed})) AS business_date, {', '.join(columns)}")
    lakehouse.replace(f"gold.{gold.table}", rows_df, slices_predicate(gold.slice, [*days]), partition=gold.slice)


def test_gold_gains_a_column_and_a_wider_type_and_keeps_its_slices(lakehouse: Lakehouse, daily: GoldSpec) -> None:
    grown = changed(daily, net_amount="DECIMAL(26,6)", margin_amount="DECIMAL(22,4)")
    write_days(lakehouse, grown, "2011-01-05")
    rows = rows_of(lakehouse, DAILY)
    assert {(f"{row['business_date']}", row["net_amount"], row["margin_amount"]) for row in rows} == {
        ("2011-01-04", Decimal("12.345600"), None),
        ("2011-01-05", Decimal("12.345600"), None),
    }
    assert DeltaTable(lakehouse.path(DAILY)).metadata().partition_columns == ["business_date"]
    assert lakehouse.columns(DAILY)["net_amount"] == "DECIMAL(26,6)"


def test_what_a_contract_would_lose_is_refused_by_name(
    lakehouse: Lakehouse, pipelines: Pipelines, daily: GoldSpec
) -> None:
    smaller = changed(daily, net_amount="DECIMAL(20,4)", quantity=None)
    assert refused_changes(lakehouse, replace(pipelines, gold={"daily_sales": smaller})) == [
        "gold.daily_sales: column quantity would be lost",
        "gold.daily_sales: column net_amount is DECIMAL(22,4), DECIMAL(20,4) would not hold it",
    ]


def test_a_table_that_has_not_grown_yet_is_read_in_the_columns_of_today(
    lakehouse: Lakehouse, spark: SparkSession, daily: GoldSpec
) -> None:
    grown = changed(daily, net_amount="DECIMAL(26,6)", margin_amount="DECIMAL(22,4)")
    rows_df = lakehouse.read_or_empty(DAILY, grown.ddl())
    assert rows_df.columns == grown.names()
    assert [(r["net_amount"], r["margin_amount"]) for r in rows_df.limit(1).collect()] == [(Decimal("12.345600"), None)]


def test_a_source_may_leave_out_a_column_that_is_not_required(spark: SparkSession, pipelines: Pipelines) -> None:
    grown = changed(pipelines.silver["customers"], loyalty_level="INT")
    rows = conform(spark, with_silver(pipelines, grown), "u1", EARLY).collect()
    assert [(row["customer_id"], row["loyalty_level"], row["_errors"]) for row in rows] == [(EARLY[0], None, [])]
    assert "loyalty_level INT" in silver_ddl(grown)


def test_every_kind_of_write_carries_our_signature(lakehouse: Lakehouse, spark: SparkSession) -> None:
    rows_df = spark.createDataFrame([("a", 1)], "id STRING, amount INT")
    changes_df = rows_df.withColumn("_change", F.lit("update"))
    lakehouse.append("silver.t", rows_df, "first")
    lakehouse.overwrite("silver.t", rows_df)
    lakehouse.replace("silver.t", rows_df, "id = 'a'")
    lakehouse.merge_changes("silver.t", changes_df, ("id",), ["id", "amount"])
    lakehouse.grow("silver.t", {"id": "STRING", "amount": "INT", "note": "STRING"})
    lakehouse.grow("silver.t", {"id": "STRING", "amount": "BIGINT", "note": "STRING"})
    signatures = [commit.get("userMetadata") for commit in DeltaTable(lakehouse.path("silver.t")).history()]
    assert signatures == [sign("r1")] * 6
    assert foreign_commits(lakehouse.root) == []

    lakehouse.read("silver.t").write.format("delta").mode("append").save(lakehouse.path("silver.t"))
    assert [(one.version, one.operation) for one in foreign_commits(lakehouse.root)] == [(6, "WRITE")]
