"""Make a judged candidate the published table: one commit per table, in an order that a crash cannot harm."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse import books
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.plan import finish
from sales_lakehouse.run import Run
from sales_lakehouse.specs import GoldSpec, SilverSpec
from sales_lakehouse.stages.gold import slices_predicate
from sales_lakehouse.stages.silver import silver_columns
from sales_lakehouse.tables import Lakehouse

_CHANGES = {"accepted_new": "new", "accepted_update": "update", "deleted": "delete"}


def promote_silver(lakehouse: Lakehouse, run: Run, table: SilverSpec, candidate_df: DataFrame) -> None:
    """Apply the candidate's changes to the silver table.

    The slices that gold must rebuild are written down first: a crash after the commit leaves them pending.
    """
    change = F.create_map(*(F.lit(word) for pair in _CHANGES.items() for word in pair))[F.col("_disposition")]
    changes_df = candidate_df.where(F.col("_disposition").isin(*_CHANGES)).withColumn("_change", change)
    touched_df = changes_df.selectExpr(f"{table.slice} AS d").union(changes_df.selectExpr("_old_slice AS d")).distinct()
    dates = sorted(str(row["d"]) for row in touched_df.where("d IS NOT NULL").collect())
    if not dates:
        return
    tables = run.pipelines.gold.values()
    pending = [books.slices_frame(lakehouse.spark, gold, dates, "pending", run) for gold in tables]
    lakehouse.append("ops.slices", reduce(DataFrame.unionByName, pending), f"{run.run_id}/pending")
    lakehouse.merge_changes(f"silver.{table.table}", changes_df, table.key, silver_columns(table))


def promote_gold(lakehouse: Lakehouse, run: Run, gold: GoldSpec, candidate_df: DataFrame, dates: list[str]) -> None:
    """Replace the rebuilt slices of a gold table in one commit, then note them as built."""
    if not dates:
        return
    lakehouse.replace(f"gold.{gold.table}", candidate_df, slices_predicate(gold, dates), partition=gold.slice)
    built_df = books.slices_frame(lakehouse.spark, gold, dates, "built", run)
    lakehouse.append("ops.slices", built_df, f"{run.run_id}/built/{gold.table}")


def close_units(lakehouse: Lakehouse, run: Run) -> int:
    """Note beside the landed bytes which units the published tables now hold; return their number."""
    store = LandingStore(run.landing_root)
    applied = {
        row["unit_id"]
        for row in lakehouse.read_or_empty("ops.units", books.UNITS_DDL).where("state = 'applied'").collect()
    }
    closed = 0
    for source in run.pipelines.sources:
        done = [unit.unit_id for unit in store.open_units(source) if unit.unit_id in applied]
        store.mark(source, done, "applied")
        closed += len(done)
    finish(run)
    return closed
