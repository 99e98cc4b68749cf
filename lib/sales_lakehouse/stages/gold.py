"""Gold: one SQL file per business table, only the slices that changed."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse.specs import GoldSpec, TableSpec


def build_gold(silver: dict[str, DataFrame], gold: GoldSpec) -> DataFrame:
    """Run the table's SQL over silver rows of the slices to rebuild.

    Grain: as the contract says; columns and types are the contract's, in its order.
    """
    for name, rows_df in silver.items():
        rows_df.createOrReplaceTempView(name)
    spark = next(iter(silver.values())).sparkSession
    result_df = spark.sql(gold.sql)
    return result_df.select(*(F.col(c.name).cast(c.type).alias(c.name) for c in gold.columns))


def slices_predicate(table: TableSpec, dates: list[str]) -> str:
    """Return the SQL predicate of a set of slices."""
    listed = ", ".join(f"DATE'{date}'" for date in sorted(dates))
    return f"{table.slice} IN ({listed})" if dates else "false"


def compare_totals(
    gold_df: DataFrame, silver_df: DataFrame, gold: GoldSpec, column: str, silver_column: str
) -> DataFrame:
    """Hold a gold column's totals against silver's.

    Grain: one row per slice and currency, with `gold_total`, `silver_total`, `difference`.
    """
    keys = [gold.slice, "currency_code"]
    ours = gold_df.groupBy(*keys).agg(F.sum(column).cast("decimal(38,4)").alias("gold_total"))
    theirs = silver_df.groupBy(*keys).agg(F.sum(silver_column).cast("decimal(38,4)").alias("silver_total"))
    both = ours.join(theirs, on=keys, how="full")
    zero = F.lit(0).cast("decimal(38,4)")
    difference = F.coalesce("gold_total", zero) - F.coalesce("silver_total", zero)
    return both.withColumn("difference", difference)
