"""Gold: one SQL file per business table, only the slices that changed."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import GoldSpec, SilverSpec, Tie


def build_gold(silver: dict[str, DataFrame], gold: GoldSpec, dates: list[str]) -> DataFrame:
    """Run the table's SQL over silver and the view `slices`, which holds the dates to rebuild in the slice's column.

    Grain: as the contract says; columns and types are the contract's, in its order.
    """
    spark = next(iter(silver.values())).sparkSession
    slices_df = local_frame(spark, [(date.fromisoformat(day),) for day in dates], f"{gold.slice} DATE")
    for name, rows_df in {**silver, "slices": slices_df}.items():
        rows_df.createOrReplaceTempView(name)
    return spark.sql(gold.sql).select(*(F.col(c.name).cast(c.type).alias(c.name) for c in gold.columns))


def slices_predicate(column: str, dates: list[str], lookback_days: int = 0) -> str:
    """Return the SQL predicate of a set of slices, or of all that they look back at."""
    if not dates:
        return "false"
    if lookback_days:
        return f"{column} BETWEEN DATE'{min(dates)}' - INTERVAL {lookback_days} DAYS AND DATE'{max(dates)}'"
    listed = ", ".join(f"DATE'{day}'" for day in sorted(dates))
    return f"{column} IN ({listed})"


def compare_totals(gold_df: DataFrame, silver_df: DataFrame, gold: GoldSpec, tie: Tie, silver: SilverSpec) -> DataFrame:
    """Hold a gold column's totals against silver's.

    Grain: one row per slice and currency, with `gold_total`, `silver_total`, `difference` and `remainder`, the
    amount of the silver rows that the tie's filter leaves out.
    """
    keys, column = [gold.slice, "currency_code"], F.col(tie.silver.split(".")[1])
    counts = F.coalesce(F.expr(tie.where), F.lit(False))
    zero = F.lit(0).cast("decimal(38,4)")

    def total(amount: Column, name: str) -> Column:
        return F.sum(amount).cast("decimal(38,4)").alias(name)

    ours = gold_df.groupBy(*keys).agg(total(F.col(tie.column), "gold_total"))
    theirs = silver_df.groupBy(F.col(f"{silver.slice}").alias(gold.slice), "currency_code").agg(
        total(F.when(counts, column).otherwise(zero), "silver_total"),
        total(F.when(counts, zero).otherwise(column), "remainder"),
    )
    both = ours.join(theirs, on=keys, how="full").fillna(0, ["gold_total", "silver_total", "remainder"])
    return both.withColumn("difference", F.col("gold_total") - F.col("silver_total"))
