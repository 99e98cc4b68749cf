"""Silver, which statement stands: of each scope the newest by a total order, whatever the order of arrival."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

EMPTY_DDL = "source STRING, _scope STRING, _sequence STRING, _statement STRING, _statement_hash STRING"
"""Statements without a row: a file that states a date on which nothing was sold, a record that is a tombstone."""
STATEMENT = ("source", "_scope", "_sequence", "_statement", "_statement_hash")
"""What tells a statement from every other, and which of two is the newer."""


def stated(*statements: DataFrame | None) -> DataFrame:
    """Return the newest statement of each scope. Grain: one row per source and scope, with `_stated_rank`."""
    given = [
        rows_df.select("source", "_scope", _rank().alias("_rank")) for rows_df in statements if rows_df is not None
    ]
    return reduce(DataFrame.unionByName, given).groupBy("source", "_scope").agg(F.max("_rank").alias("_stated_rank"))


def _rank() -> Column:
    return F.struct("_sequence", "_statement_hash")


def winning_empty(empty_df: DataFrame, stated_df: DataFrame) -> DataFrame:
    """Find the statements without a row that are newer than all that their scopes hold.

    Grain: one row per source and scope, with `_winner` and the unit that states it, `_new_unit_id`.
    """
    newest_df = empty_df.groupBy("source", "_scope").agg(
        F.max_by("_statement", _rank()).alias("_winner"), F.max(_rank()).alias("_rank")
    )
    standing_df = newest_df.join(stated_df, on=["source", "_scope"], how="inner").where("_rank > _stated_rank")
    return standing_df.select("source", "_scope", F.col("_winner").alias("_new_unit_id"), "_winner")


def with_standing(rows_df: DataFrame, stated_df: DataFrame) -> DataFrame:
    """Find the newest statement of each scope, among those that arrive and those that stand.

    Grain: one row per line of a record → the same rows with `_winner` (the arriving statement that stands, NULL where
    none does) and `_disposition` repaired, superseded, duplicate, quarantined, repair_failed or withdrawn; NULL where
    the row stands.
    """
    scope = Window.partitionBy("source", "_scope")
    ranked_df = rows_df.withColumn("_rank", _rank()).join(stated_df, on=["source", "_scope"], how="left")
    best = F.greatest(F.max("_rank").over(scope), F.coalesce("_stated_rank", F.max("_rank").over(scope)))
    first = F.min(F.when(F.col("_rank") == F.col("_best"), F.col("_statement"))).over(scope)
    ranked_df = ranked_df.withColumn("_best", best).withColumn("_winner", first)
    standing = (
        F.when(F.col("_aside_as") == "repaired", "repaired")
        .when(F.col("_rank") < F.col("_best"), "superseded")
        .when(F.col("_statement") != F.col("_winner"), "duplicate")
        .when(F.col("_repaired_by").isNotNull() | (F.size("_errors") > 0), F.col("_aside_as"))
        .when(F.col("_withdraws"), "withdrawn")
    )
    return ranked_df.withColumn("_disposition", standing).drop(
        "_rank", "_best", "_stated_rank", "_withdraws", "_aside_as"
    )
