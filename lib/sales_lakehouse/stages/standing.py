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
    """Find the newest good statement of each scope, among those that arrive and those that stand.

    One of which every record breaks a rule supersedes nothing, in whichever run it comes.

    Grain: one row per line of a record → the same rows with `_winner` (the arriving statement that stands, NULL where
    none does), `_tied` (it stands, or does not, by its hash alone) and `_disposition` repaired, superseded, duplicate,
    quarantined, repair_failed or withdrawn; NULL where the row stands.
    """
    scope, alike = Window.partitionBy("source", "_scope"), Window.partitionBy("source", "_scope", "_rank")
    ranked_df = rows_df.withColumn("_rank", _rank()).join(stated_df, on=["source", "_scope"], how="left")
    repaired = F.coalesce(F.col("_aside_as") == "repaired", F.lit(False))
    is_good = ~repaired & F.col("_repaired_by").isNull() & (F.size("_errors") == 0)
    # NULLs lose: of a scope that nothing good states, each statement stands for itself.
    best = F.greatest(F.max(F.when(is_good, F.col("_rank"))).over(scope), "_stated_rank")
    ranked_df = ranked_df.withColumns({"_best": best, "_first": F.min("_statement").over(alike)})
    winner = F.min(F.when(F.col("_rank") == F.col("_best"), F.col("_first"))).over(scope)
    standing = (
        F.when(repaired, "repaired")
        .when(F.col("_rank") < F.col("_best"), "superseded")
        .when(F.col("_statement") != F.col("_first"), "duplicate")
        .when(~is_good, F.col("_aside_as"))
        .when(F.col("_withdraws"), "withdrawn")
    )
    ranked_df = ranked_df.withColumn("_tied", F.coalesce(is_good & _is_tied(), F.lit(False)))
    return ranked_df.withColumns({"_winner": winner, "_disposition": standing}).drop(
        "_rank", "_best", "_first", "_stated_rank", "_withdraws", "_aside_as"
    )


def _is_tied() -> Column:
    """Tell of a statement whether another of its scope has the same sequence, and the hash decides which stands."""
    rank, best, stated_rank = F.col("_rank"), F.col("_best"), F.col("_stated_rank")
    loses = (rank < best) & (rank["_sequence"] == best["_sequence"])
    wins = (rank == best) & (stated_rank < rank) & (stated_rank["_sequence"] == rank["_sequence"])
    return loses | F.coalesce(wins, F.lit(False))
