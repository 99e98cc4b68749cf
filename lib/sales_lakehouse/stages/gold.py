"""Gold: one SQL file per business table, only the slices that changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from pyspark.errors import AnalysisException
from pyspark.logger import PySparkLogger
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sales_lakehouse.errors import SpecError
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import GoldSpec, SilverSpec, Tie
from sales_lakehouse.wording import did_you_mean


def build_gold(silver: dict[str, DataFrame], gold: GoldSpec, dates: list[str]) -> DataFrame:
    """Run the table's SQL over silver and the view `slices`, which holds the dates to rebuild in the slice's column.

    Grain: as the contract says; columns and types are the contract's, in its order.
    Raises: SpecError for a query that is not valid, or lacks a column of the contract.
    """
    spark = next(iter(silver.values())).sparkSession
    slices_df = local_frame(spark, [(date.fromisoformat(day),) for day in dates], f"{gold.slice} DATE")
    for name, rows_df in {**silver, "slices": slices_df}.items():
        rows_df.createOrReplaceTempView(name)
    with _told_by_file(gold):
        found_df = spark.sql(gold.sql)
    if missing := [name for name in gold.names() if name not in found_df.columns]:
        raise SpecError(
            f"{_file(gold)}: it returns no column {missing[0]}, which {gold.table}.yml names"
            f"{did_you_mean(missing[0], found_df.columns)}; no slice was built"
        )
    return found_df.select(*(F.col(c.name).cast(c.type).alias(c.name) for c in gold.columns))


@contextmanager
def _told_by_file(gold: GoldSpec) -> Iterator[None]:
    """Say what Spark finds wrong with a query in one line, with the file in which to mend it."""
    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True  # it prints the trace of the JVM beside
    try:
        yield
    except AnalysisException as cause:
        told = str(cause).strip().partition(";\n")[0].partition("\n\n")[0]
        told = " ".join(re.sub(r"^\[[A-Z0-9_.]+\] |\.? SQLSTATE: \w+", "", told).split())
        raise SpecError(f"{_file(gold)}: {told}; no slice was built") from cause


def _file(gold: GoldSpec) -> str:
    return f"pipelines/gold/{gold.table}.sql"


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
