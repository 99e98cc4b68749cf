"""Make a judged candidate the published table: one commit per table, in an order that a crash cannot harm."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse import books
from sales_lakehouse.candidates import Candidate
from sales_lakehouse.judged import forget_judged, note_judged
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.plan import Intent, end_intent, finish, read_intent, write_intent
from sales_lakehouse.reopened import end_rebuild
from sales_lakehouse.run import Run
from sales_lakehouse.specs import SilverSpec
from sales_lakehouse.stages.gold import slices_predicate
from sales_lakehouse.stages.near import identity_of
from sales_lakehouse.stages.silver import select_changes, silver_columns, silver_ddl
from sales_lakehouse.tables import Lakehouse


def promote_tables(lakehouse: Lakehouse, run: Run, candidates: list[Candidate], units_df: DataFrame) -> None:
    """Promote several tables, each in one commit, and note the units they were built from as applied.

    An intent stands before the first commit and goes after the last. The gate held the tables to today's rules: what
    was noted of others is forgotten before, what holds now is noted after.
    """
    tables = [candidate.table for candidate in candidates]
    forget_judged(run, tables)
    units = [row["unit_id"] for row in units_df.where("state = 'recorded'").select("unit_id").collect()]
    write_intent(run, Intent(run.run_id, [table.table for table in tables], units))
    lakehouse.reached("after intent", "ops.promotion")
    _promote(lakehouse, run, candidates, units_df, run.run_id)
    note_judged(run, tables)


def _promote(
    lakehouse: Lakehouse, run: Run, candidates: list[Candidate], units_df: DataFrame, candidates_run: str
) -> None:
    # Dimensions first: a fact that arrives with its customer finds it.
    for candidate in sorted(candidates, key=lambda candidate: candidate.table.history is None):
        promote_silver(lakehouse, run, candidate)
    applied_df = (
        units_df.where("state = 'recorded'")
        .drop("was_applied")
        .withColumns({"state": F.lit("applied"), "run_id": F.lit(candidates_run), "noted_at": F.lit(run.started_at)})
    )
    if not applied_df.isEmpty():
        lakehouse.append("ops.units", applied_df, f"{candidates_run}/applied")
    lakehouse.reached("before end of intent", "ops.promotion")
    end_intent(run)


def roll_forward(lakehouse: Lakehouse, run: Run) -> list[str]:
    """Finish a promotion that a killed run has begun, from its candidates; return the tables, none where all ended.

    Its units are applied then: they are not judged once more, and the books keep what that run found.
    """
    intent = read_intent(run)
    if intent is None:
        return []
    candidates = [Candidate(lakehouse, run.pipelines.silver[name], intent.run_id) for name in intent.tables]
    log_df = lakehouse.read_or_empty("ops.units", books.UNITS_DDL).where(F.col("unit_id").isin(intent.units))
    _promote(lakehouse, run, candidates, lakehouse.materialize(books.current_units(log_df)), intent.run_id)
    return intent.tables


def promote_silver(lakehouse: Lakehouse, run: Run, candidate: Candidate) -> None:
    """Apply the candidate's changes to the silver table.

    The slices that gold must rebuild are written down first: a crash after the commit leaves them pending.
    """
    table = candidate.table
    changes_df = select_changes(candidate.published_df, candidate.rows_df, table)
    if changes_df.isEmpty():
        return
    dates = touched_dates(lakehouse, run, table, changes_df)
    readers = [gold for gold in run.pipelines.gold.values() if table.table in gold.reads]
    if dates and readers:
        note = books.next_note(lakehouse.read_or_empty("ops.slices", books.SLICES_DDL), run, later=1)
        pending = [books.slices_frame(lakehouse.spark, gold, dates, "pending", note) for gold in readers]
        # Named by the candidate's run: what a roll-forward notes must not hide what its own run promotes later.
        write_id = f"{candidate.run_id}/pending/{table.table}"
        lakehouse.append("ops.slices", reduce(DataFrame.unionByName, pending), write_id)
    within = candidate.bounds.predicate(identity_of(table), "t")
    lakehouse.merge_changes(f"silver.{table.table}", changes_df, table.key, silver_columns(table), within)


def touched_dates(lakehouse: Lakehouse, run: Run, table: SilverSpec, changes_df: DataFrame) -> list[str]:
    """Return the business dates of changed facts, or of the facts that name a changed entity."""
    if table.slice:
        touched_df = changes_df.selectExpr(f"{table.slice} AS d").union(changes_df.selectExpr("_old_slice AS d"))
        return _dates(touched_df)
    dates: set[str] = set()
    for facts in run.pipelines.silver.values():
        for reference in (r for r in facts.references if r.to == table.table):
            facts_df = lakehouse.read_or_empty(f"silver.{facts.table}", silver_ddl(facts))
            entities_df = changes_df.select(F.col(reference.column)).distinct()
            naming_df = facts_df.join(entities_df, on=reference.column, how="left_semi")
            dates |= {*_dates(naming_df.selectExpr(f"{facts.slice} AS d"))}
    return sorted(dates)


def _dates(dates_df: DataFrame) -> list[str]:
    return sorted(str(row["d"]) for row in dates_df.where("d IS NOT NULL").distinct().collect())


def promote_gold(lakehouse: Lakehouse, run: Run, dates: dict[str, list[str]]) -> None:
    """Replace the rebuilt slices of each gold table in one commit, then note them all as built.

    A crash in between leaves them pending: the next run builds the same once more.
    """
    rebuilt = [gold for gold in run.pipelines.gold.values() if dates[gold.table]]
    for gold in rebuilt:
        predicate = slices_predicate(gold.slice, dates[gold.table])
        candidate_df = lakehouse.read(f"candidates.{gold.table}")
        lakehouse.replace(f"gold.{gold.table}", candidate_df, predicate, partition=gold.slice)
    if rebuilt:
        note = books.next_note(lakehouse.read_or_empty("ops.slices", books.SLICES_DDL), run, later=0)
        built = [books.slices_frame(lakehouse.spark, gold, dates[gold.table], "built", note) for gold in rebuilt]
        lakehouse.append("ops.slices", reduce(DataFrame.unionByName, built), f"{run.run_id}/built")


def gold_versions(lakehouse: Lakehouse, run: Run) -> dict[str, int]:
    """Return the version of each gold table that readers see now: with it they can read gold as of this run."""
    names = [f"gold.{table}" for table in run.pipelines.gold]
    return {name: version for name in names if (version := lakehouse.version(name)) >= 0}


def close_units(lakehouse: Lakehouse, run: Run) -> int:
    """Note beside the landed bytes which units the published tables now hold; return their number.

    The dates of a rebuild whose units this run applied are made anew.
    """
    store = LandingStore(run.landing_root)
    log_df = lakehouse.read_or_empty("ops.units", books.UNITS_DDL).where("state = 'applied'")
    runs = log_df.groupBy("unit_id").agg(F.collect_set("run_id")).collect()
    applied = dict(map(tuple, runs))
    closed = 0
    for source in run.pipelines.sources:
        done = [unit.unit_id for unit in store.open_units(source) if unit.unit_id in applied]
        store.mark(source, done, "applied")
        closed += len(done)
    end_rebuild(run, [unit_id for unit_id, run_ids in applied.items() if run.run_id in run_ids])
    finish(run)
    return closed
