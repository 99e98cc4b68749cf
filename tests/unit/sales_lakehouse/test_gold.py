"""Gold: slices know what they look at, names are those of the day, features know nothing of later days."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from sales_lakehouse.books import pending_slices
from sales_lakehouse.specs import GoldSpec, Pipelines
from sales_lakehouse.stages.gold import build_gold, compare_totals, slices_predicate
from sales_lakehouse.verdicts import judge_gold

SALES_DDL = (
    "source STRING, order_id STRING, line_kind STRING, product_id STRING, quantity INT, line_amount DECIMAL(22,4), "
    "currency_code STRING, customer_id STRING, business_date DATE"
)
PRODUCTS_DDL = (
    "product_id STRING, product_name STRING, product_kind STRING, valid_from TIMESTAMP, valid_to TIMESTAMP, "
    "is_current BOOLEAN, is_first BOOLEAN"
)
DAYS = ("2011-01-04", "2011-01-05", "2011-01-10")


@pytest.fixture(scope="module")
def sales(spark: SparkSession) -> DataFrame:
    """Give a customer who buys, gives back and buys again; someone over the counter; a stock correction."""
    rows = [
        ("1", "sale", "A", 10, "100.00", "7", DAYS[0]),
        ("C2", "cancellation", "A", -2, "-20.00", "7", DAYS[1]),
        ("3", "sale", "A", 1, "10.00", "7", DAYS[2]),
        ("4", "sale", "B", 1, "5.00", None, DAYS[0]),
        ("5", "adjustment", "A", -3, "0.00", None, DAYS[0]),
    ]
    return spark.createDataFrame(
        [("s", o, k, p, q, Decimal(a), "GBP", c, date.fromisoformat(d)) for o, k, p, q, a, c, d in rows], SALES_DDL
    )


@pytest.fixture(scope="module")
def products(spark: SparkSession) -> DataFrame:
    """Give one product that changed its name within the fifth of January."""
    change = datetime(2011, 1, 5, 12, tzinfo=UTC)
    first = datetime(2011, 1, 5, 8, tzinfo=UTC)
    rows = [("A", "OLD", "goods", first, change, False, True), ("A", "NEW", "goods", change, None, True, False)]
    return spark.createDataFrame(rows, PRODUCTS_DDL)


def features(sales_df: DataFrame, pipelines: Pipelines, days: tuple[str, ...]) -> dict[str, Row]:
    built = build_gold({"sale_lines": sales_df}, pipelines.gold["customer_features"], [*days])
    return {str(row["as_of_date"]): row for row in built.collect()}


def test_a_feature_of_a_day_is_the_same_without_the_later_days(
    spark: SparkSession, pipelines: Pipelines, sales: DataFrame
) -> None:
    all_known = features(sales, pipelines, DAYS)
    assert set(all_known) == set(DAYS)
    for day in DAYS:
        truncated = sales.where(f"business_date <= DATE'{day}'")
        assert features(truncated, pipelines, (day,))[day] == all_known[day]


def test_features_count_what_their_windows_hold(pipelines: Pipelines, sales: DataFrame) -> None:
    row = features(sales, pipelines, ("2011-01-11",))["2011-01-11"]
    assert (row["recency_days"], row["order_count_7d"], row["order_count_30d"]) == (1, 1, 2)
    # The cancellation of the fifth is seven days old on the twelfth, not on the eleventh.
    assert (row["net_amount_7d"], row["net_amount_90d"]) == (Decimal("-10.0000"), Decimal("90.0000"))
    assert row["returned_pct_90d"] == Decimal("18.18")
    assert row["day_net_amount"] == 0


def test_a_product_has_the_name_it_had_at_the_end_of_the_day(
    pipelines: Pipelines, sales: DataFrame, products: DataFrame
) -> None:
    gold = pipelines.gold["product_performance"]
    rows = build_gold({"sale_lines": sales, "products": products}, gold, [*DAYS]).collect()
    names = {(str(r["business_date"]), r["product_id"]): (r["product_name"], r["product_kind"]) for r in rows}
    assert names == {
        (DAYS[0], "A"): ("OLD", "goods"),  # before the first version that is known
        (DAYS[1], "A"): ("NEW", "goods"),
        (DAYS[2], "A"): ("NEW", "goods"),
        (DAYS[0], "B"): (None, "unknown"),
    }


def test_what_a_tie_leaves_out_is_shown(pipelines: Pipelines, sales: DataFrame) -> None:
    gold, table = pipelines.gold["customer_features"], pipelines.silver["sale_lines"]
    built = build_gold({"sale_lines": sales}, gold, [*DAYS])
    tied = judge_gold(built, {"sale_lines": sales}, gold, pipelines.silver, [*DAYS])[-1]
    assert tied.ok
    assert tied.detail == "left out by customer_id IS NOT NULL: GBP 5.0000"
    rows = compare_totals(built.limit(0), sales, gold, gold.ties_to[0], table).where("difference <> 0").collect()
    assert len(rows) == len(DAYS)


def note(day: str, state: str, hour: int, gold: GoldSpec) -> Row:
    return Row(
        gold_table=gold.table,
        business_date=date.fromisoformat(day),
        state=state,
        definition=gold.definition,
        noted_at=datetime(2026, 1, 1, hour, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("table", "expected"), [("daily_sales", ["2011-01-04"]), ("customer_features", [*DAYS])], ids=["day", "window"]
)
def test_a_promoted_day_rebuilds_every_slice_that_looks_at_it(
    pipelines: Pipelines, table: str, expected: list[str]
) -> None:
    gold = pipelines.gold[table]
    built = [note(day, state, 1, gold) for day in DAYS for state in ("pending", "built")]
    dates = [date.fromisoformat(day) for day in DAYS]
    assert pending_slices(dates, built, gold) == []
    assert pending_slices(dates, [*built, note(DAYS[0], "pending", 2, gold)], gold) == expected


def test_a_changed_query_rebuilds_all(pipelines: Pipelines) -> None:
    gold = pipelines.gold["daily_sales"]
    built = [note(day, "built", 1, gold) for day in DAYS]
    changed = gold.model_copy(update={"sql": gold.sql + " "})
    assert pending_slices([date.fromisoformat(day) for day in DAYS], built, changed) == [*DAYS]


def test_a_slice_looks_back_as_far_as_its_contract_says() -> None:
    assert slices_predicate("d", []) == "false"
    assert slices_predicate("d", ["2011-01-05", "2011-01-04"]) == "d IN (DATE'2011-01-04', DATE'2011-01-05')"
    assert slices_predicate("d", ["2011-01-05"], 89).startswith("d BETWEEN DATE'2011-01-05' - INTERVAL 89 DAYS")
