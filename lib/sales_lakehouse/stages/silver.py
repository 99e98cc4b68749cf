"""Silver, second half: what the statements that stand change in the published table."""

from __future__ import annotations

from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from sales_lakehouse.specs import Reference, SilverSpec
from sales_lakehouse.stages.conform import LINEAGE
from sales_lakehouse.stages.standing import stated, winning_empty, with_standing

KEPT = ("accepted_new", "accepted_update", "accepted_before", "unchanged")
_RECORD = ("_unit_id", "_record_no")
CHANGES = {"accepted_new": "new", "accepted_update": "update", "deleted": "delete"}
"""What promotion does with a disposition."""


def silver_columns(table: SilverSpec) -> list[str]:
    """Return the columns of the published table: the contract's, then lineage."""
    return [*table.names(), *table.history_columns(), *LINEAGE, "_content_hash", "_run_id"]


def silver_ddl(table: SilverSpec) -> str:
    """Return the schema of the published table."""
    lineage = (
        "_unit_id STRING, _record_no BIGINT, _row_no INT, _scope STRING, _sequence STRING, _statement STRING, "
        "_statement_hash STRING, _content_hash STRING, _run_id STRING"
    )
    history = "valid_to TIMESTAMP, is_current BOOLEAN, is_first BOOLEAN, " if table.history else ""
    return f"{table.ddl()}, {history}{lineage}"


def decide(
    rows_df: DataFrame, published_df: DataFrame, table: SilverSpec, run_id: str, stated_df: DataFrame | None = None
) -> DataFrame:
    """Give every judged row its disposition.

    Grain: one row per line of a record → the same rows with `_disposition` (accepted_new, accepted_update,
    accepted_before: by this very unit, unchanged, duplicate, superseded, quarantined, repaired, repair_failed,
    withdrawn), `_winner` (the statement that stands), `_tied` (only the hash of two statements decided that) and
    `_old_amount`, `_old_slice` (what the published row of this key holds). `stated_df` is what stands against the rows,
    as `stated` tells it; by default all that is published.
    Source: design rules Scope, Order and Record of docs/architecture.md.
    """
    hashed_df = rows_df.withColumn("_content_hash", _content_hash(table)).withColumn("_run_id", F.lit(run_id))
    standing_df = with_standing(hashed_df, stated(published_df) if stated_df is None else stated_df)
    return _with_comparison(standing_df, published_df, table)


def select_deleted(
    candidate_df: DataFrame, published_df: DataFrame, table: SilverSpec, run_id: str, empty_df: DataFrame | None = None
) -> DataFrame:
    """Find the published rows that the winning statements no longer contain; one without a row contains none.

    Grain: one row per published row to delete, shaped like `decide`'s rows, `_disposition` deleted, `_unit_id` the
    unit that deletes it.
    """
    kept_df = candidate_df.where(F.col("_disposition").isin(*KEPT))
    standing_df = candidate_df.where(F.col("_disposition").isin(*KEPT, "withdrawn"))
    winners_df = standing_df.groupBy("source", "_scope").agg(
        F.first("_unit_id").alias("_new_unit_id"), F.first("_winner").alias("_winner")
    )
    if empty_df is not None:
        winners_df = winners_df.unionByName(winning_empty(empty_df, stated(published_df, candidate_df)))
    gone_df = published_df.join(winners_df, on=["source", "_scope"], how="inner").join(
        kept_df.select(*table.key), on=list(table.key), how="left_anti"
    )
    return _as_deleted(gone_df, table, run_id)


def select_refused_since(candidate_df: DataFrame, published_df: DataFrame, table: SilverSpec, run_id: str) -> DataFrame:
    """Find the published rows whose own record is judged again and no longer gives them.

    Today's rules refuse the record, or today's mapping gives its rows another key. A record that another statement
    supersedes leaves what is published to that statement.
    Grain: as `select_deleted`; both may find the same row.
    """
    judged_df = candidate_df.where(F.col("_disposition").isin(*KEPT, "quarantined", "repair_failed"))
    records_df = judged_df.select("source", *_RECORD).distinct()
    kept_df = candidate_df.where(F.col("_disposition").isin(*KEPT)).select(*table.key)
    gone_df = published_df.join(records_df, on=["source", *_RECORD], how="left_semi").join(
        kept_df, on=list(table.key), how="left_anti"
    )
    named_df = gone_df.withColumns({"_new_unit_id": F.col("_unit_id"), "_winner": F.col("_statement")})
    return _as_deleted(named_df, table, run_id)


def future_of(published_df: DataFrame, candidate_df: DataFrame, table: SilverSpec) -> DataFrame:
    """Return the table as it will be once the candidate is promoted."""
    changed_df = candidate_df.where(F.col("_disposition").isin("accepted_new", "accepted_update", "deleted"))
    kept_df = published_df.join(changed_df.select(*table.key), on=list(table.key), how="left_anti")
    arriving_df = changed_df.where("_disposition <> 'deleted'")
    columns = [name for name in silver_columns(table) if name not in table.history_columns()]
    future_df = kept_df.select(*columns).unionByName(arriving_df.select(*columns))
    return with_history(future_df, table) if table.history else future_df


def with_history(versions_df: DataFrame, table: SilverSpec) -> DataFrame:
    """Say of each version until when it holds.

    Grain: one row per version → the same, with `valid_to` (the next version's start, NULL for the last),
    `is_current` and `is_first`. All versions of an entity must be there.
    """
    if table.history is None:
        return versions_df
    of_entity = Window.partitionBy(*table.history.entity).orderBy(table.history.valid_from)
    dated_df = versions_df.withColumns(
        {
            "valid_to": F.lead(table.history.valid_from).over(of_entity),
            "is_first": F.row_number().over(of_entity) == 1,
        }
    )
    return dated_df.withColumn("is_current", F.col("valid_to").isNull()).select(*silver_columns(table))


def select_changes(published_df: DataFrame, candidate_df: DataFrame, table: SilverSpec) -> DataFrame:
    """Return what promotion must do to the published table.

    Grain: one row per row to write or delete, shaped like the table, with `_change` = new, update or delete and
    `_old_slice`. A version that lands in the middle of a history changes its neighbours, too.
    """
    words = F.create_map(*(F.lit(word) for pair in CHANGES.items() for word in pair))
    changes_df = candidate_df.where(F.col("_disposition").isin(*CHANGES))
    changes_df = changes_df.withColumn("_change", words[F.col("_disposition")])
    if table.history is None:
        return changes_df.select(*silver_columns(table), "_change", "_old_slice")
    touched_df = changes_df.select(*table.history.entity).distinct()
    old_df = published_df.join(touched_df, on=list(table.history.entity), how="left_semi")
    before = {name: F.col(name).alias(f"_old_{name}") for name in ("_content_hash", *table.history_columns())}
    new_df = future_of(old_df, candidate_df, table).join(
        old_df.select(*table.key, *before.values()), on=list(table.key), how="left"
    )
    same = [F.col(name).eqNullSafe(F.col(f"_old_{name}")) for name in before]
    change = F.when(F.col("_old__content_hash").isNull(), "new").when(~reduce(and_, same), "update")
    gone_df = old_df.join(new_df.select(*table.key), on=list(table.key), how="left_anti")
    changed_df = new_df.withColumn("_change", change).where("_change IS NOT NULL")
    written_df = changed_df.unionByName(gone_df.withColumn("_change", F.lit("delete")), allowMissingColumns=True)
    return written_df.select(*silver_columns(table), "_change", F.lit(None).cast("date").alias("_old_slice"))


def select_pending(facts_df: DataFrame, dimension_df: DataFrame, reference: Reference, facts: str) -> DataFrame:
    """Find the values of a reference that its dimension does not know.

    Grain: one row per fact → one row per unknown value, with `line_count`. An empty reference needs no entity.
    """
    known_df = dimension_df.select(F.col(reference.column).alias("value")).distinct()
    named_df = facts_df.where(F.col(reference.column).isNotNull()).groupBy(F.col(reference.column).alias("value"))
    pending_df = named_df.agg(F.count("*").alias("line_count")).join(known_df, on="value", how="left_anti")
    return pending_df.select(
        F.lit(facts).alias("silver_table"), F.lit(reference.column).alias("column_name"), "value", "line_count"
    )


def _as_deleted(gone_df: DataFrame, table: SilverSpec, run_id: str) -> DataFrame:
    nothing = F.array().cast("array<string>")
    return gone_df.select(
        *table.names(),
        F.col("_new_unit_id").alias("_unit_id"),
        *(name for name in (*LINEAGE, "_content_hash") if name != "_unit_id"),
        F.lit(run_id).alias("_run_id"),
        nothing.alias("_errors"),
        nothing.alias("_warnings"),
        F.lit(None).cast("string").alias("_raw"),
        F.lit(None).cast("string").alias("_repaired_by"),
        F.lit("deleted").alias("_disposition"),
        "_winner",
        F.lit(False).alias("_tied"),
        *_old_values(table),
    )


def _old_values(table: SilverSpec) -> list[Column]:
    """Return what a published row holds, for the books and for the slices that lose it."""
    amount = F.col(table.amount) if table.amount else F.lit(None).cast("decimal(38,4)")
    slice_ = F.col(table.slice) if table.slice else F.lit(None).cast("date")
    return [amount.alias("_old_amount"), slice_.alias("_old_slice")]


def _content_hash(table: SilverSpec) -> Column:
    # NULL and text are told apart by their first letter, fields by a separator that no text holds.
    marked = [F.coalesce(F.concat(F.lit("v"), F.col(c).cast("string")), F.lit("n")) for c in table.names()]
    return F.sha2(F.concat_ws("\u001f", *marked), 256)


def _with_comparison(rows_df: DataFrame, published_df: DataFrame, table: SilverSpec) -> DataFrame:
    old = (F.col("_content_hash").alias("_old_hash"), F.col("_unit_id").alias("_old_unit"), *_old_values(table))
    old_df = published_df.select(*table.key, *old)
    same = F.col("_old_hash") == F.col("_content_hash")
    change = (
        F.when(F.col("_disposition").isNotNull(), F.col("_disposition"))
        .when(F.col("_old_hash").isNull(), "accepted_new")
        .when(same & (F.col("_old_unit") == F.col("_unit_id")), "accepted_before")
        .when(same, "unchanged")
        .otherwise("accepted_update")
    )
    compared_df = rows_df.join(old_df, on=list(table.key), how="left").withColumn("_disposition", change)
    return compared_df.drop("_old_hash", "_old_unit")
