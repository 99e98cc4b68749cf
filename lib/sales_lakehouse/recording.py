"""Bring landed units into bronze and note in `ops.units` what became of their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial, reduce
from itertools import chain

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse import books
from sales_lakehouse.candidates import Candidate
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.landing.content import open_content
from sales_lakehouse.parts import parts_frame
from sales_lakehouse.plan import Plan
from sales_lakehouse.reopened import read_rebuild
from sales_lakehouse.run import Run
from sales_lakehouse.scan import spanned
from sales_lakehouse.session import compiling
from sales_lakehouse.specs import GoldSpec, SilverSpec, SourceSpec
from sales_lakehouse.stages.bronze import bronze_ddl, read_records
from sales_lakehouse.stages.gold import build_gold, slices_predicate
from sales_lakehouse.stages.repairs import read_repairs, repair_form
from sales_lakehouse.stages.silver import select_pending, silver_ddl
from sales_lakehouse.stages.standing import STATEMENT
from sales_lakehouse.tables import Lakehouse
from sales_lakehouse.ties import note_ties


def unit_rows(lakehouse: Lakehouse, source: SourceSpec, units: list[Manifest]) -> DataFrame:
    """Return the bronze rows of units. By their ids, files of other units are not even opened."""
    bronze_df = lakehouse.read_or_empty(f"bronze.{source.source}", bronze_ddl(source))
    return bronze_df.where(F.col("_unit_id").isin([unit.unit_id for unit in units]))


def record_units(lakehouse: Lakehouse, run: Run, source: SourceSpec, units: list[Manifest]) -> None:
    """Append the units that bronze does not hold yet, in one commit.

    The bronze table itself says what it holds: a crash after the commit is mended by the next run. A unit that it
    holds as quarantined is work only after its release: it is read anew, and takes the place of its old rows.
    """
    table = f"bronze.{source.source}"
    by_unit_df = unit_rows(lakehouse, source, units).groupBy("_unit_id")
    held = dict(map(tuple, by_unit_df.agg(F.bool_or(F.col("_kind") == "quarantined")).collect()))
    new = [unit for unit in units if unit.unit_id not in held]
    released = [unit for unit in units if held.get(unit.unit_id)]
    if new:
        lakehouse.append(table, _read_units(lakehouse, run, source, new), _digest([unit.unit_id for unit in new]))
    if released:
        listed = _listed([unit.unit_id for unit in released])
        lakehouse.replace(table, _read_units(lakehouse, run, source, released), f"_unit_id IN ({listed})")


def _read_units(lakehouse: Lakehouse, run: Run, source: SourceSpec, units: list[Manifest]) -> DataFrame:
    store = LandingStore(run.landing_root)
    delivered, repairing = ([unit for unit in units if bool(unit.repairs) == repairs] for repairs in (False, True))
    rows = []
    if delivered:
        rows.append(read_records(parts_frame(lakehouse.spark, store, source, delivered), source, *run.stamp))
    if repairing:
        parts_df = parts_frame(lakehouse.spark, store, repair_form(source), repairing)
        rows.append(read_repairs(parts_df, source, *run.stamp))
    return reduce(partial(DataFrame.unionByName, allowMissingColumns=True), rows)


def note_units(lakehouse: Lakehouse, run: Run, units: dict[str, list[Manifest]]) -> None:
    """Count what bronze holds of units, and add it to the books in one commit."""
    rows = [
        unit_rows(lakehouse, run.pipelines.source(source), of_source).select(*books.COUNTED)
        for source, of_source in units.items()
        if of_source
    ]
    if rows:
        manifests = [_to_cover(unit, run) for of_source in units.values() for unit in of_source]
        counted_df = books.count_units(reduce(DataFrame.unionByName, rows), manifests, run)
        lakehouse.append("ops.units", counted_df, f"{run.run_id}/recorded")


def _to_cover(unit: Manifest, run: Run) -> Manifest:
    """Say of a packed unit how many bytes its rows must cover: those it unpacks to."""
    source = run.pipelines.source(unit.source)
    if source.format.packed == "none" or unit.repairs:
        return unit
    with spanned(open_content(str(LandingStore(run.landing_root).content_path(unit))), source) as content:
        return replace(unit, size_bytes=len(content))


def open_units(lakehouse: Lakehouse, plan: Plan) -> DataFrame:
    """Return what the books know of the units to judge; those that are judged again are work again.

    Grain: one row per unit of `ops.units`.
    """
    ids = [unit.unit_id for of_source in plan.judged.values() for unit in of_source]
    log_df = lakehouse.read_or_empty("ops.units", books.UNITS_DDL)
    units_df = books.current_units(log_df.where(F.col("unit_id").isin(ids)))
    reopened = F.col("unit_id").isin(plan.reopened_ids) & (F.col("state") == "applied")
    return lakehouse.materialize(units_df.withColumn("state", F.when(reopened, "recorded").otherwise(F.col("state"))))


def slices_to_rebuild(lakehouse: Lakehouse, run: Run, asked: Collection[str] | None = None) -> dict[str, list[str]]:
    """Return the dates that each gold table must build, by the table's name: what is pending, and what is asked for.

    `asked` are other dates to make anew than those which the next run is asked for.
    """
    notes = lakehouse.read_or_empty("ops.slices", books.SLICES_DDL).collect()
    names = {name for gold in run.pipelines.gold.values() for name in gold.reads}
    dates = {name: _dates(lakehouse, run.pipelines.silver[name]) for name in sorted(names)}
    anew = {*read_rebuild(run).dates} if asked is None else asked
    return {
        gold.table: books.pending_slices(chain(*(dates[name] for name in gold.reads)), notes, gold, anew)
        for gold in run.pipelines.gold.values()
    }


def read_silver(lakehouse: Lakehouse, run: Run, gold: GoldSpec, dates: list[str]) -> dict[str, DataFrame]:
    """Return what a gold table's SQL reads to build these slices: rows of their dates, and dimensions whole."""
    tables = {name: run.pipelines.silver[name] for name in gold.reads}
    frames = {name: lakehouse.read_or_empty(f"silver.{name}", silver_ddl(table)) for name, table in tables.items()}
    return looked_at(frames, run, gold, dates)


def build_slices(lakehouse: Lakehouse, run: Run, gold: GoldSpec, dates: list[str]) -> None:
    """Build slices of a gold table as its candidate; where its SQL looks at much, its plan is compiled."""
    silver = read_silver(lakehouse, run, gold, dates)
    with compiling(lakehouse.spark, _landed_bytes(run, gold, dates)):
        lakehouse.overwrite(f"candidates.{gold.table}", build_gold(silver, gold, dates))


def _landed_bytes(run: Run, gold: GoldSpec, dates: list[str]) -> int:
    """Return how many bytes told what a gold table looks at; an API page counts for the day on which it came."""
    first, last = str(date.fromisoformat(min(dates)) - timedelta(days=gold.lookback_days)), max(dates)
    sources = {source.source for name in gold.reads for source in run.pipelines.sources_of(name)}
    units = chain.from_iterable(map(LandingStore(run.landing_root).manifests, sorted(sources)))
    return sum(unit.size_bytes for unit in units if first <= (unit.business_date or unit.received_at)[:10] <= last)


def looked_at(silver: Mapping[str, DataFrame], run: Run, gold: GoldSpec, dates: list[str]) -> dict[str, DataFrame]:
    """Return of silver what a gold table looks at to build these slices."""
    slices = {name: run.pipelines.silver[name].slice for name in gold.reads}
    return {
        name: silver[name].where(slices_predicate(column, dates, gold.lookback_days)) if column else silver[name]
        for name, column in slices.items()
    }


def note_pending(lakehouse: Lakehouse, run: Run) -> None:
    """Write down which published references no dimension knows yet; those that arrived meanwhile are gone from it."""
    frames = []
    for facts in run.pipelines.silver.values():
        for reference in facts.references:
            dimension = run.pipelines.silver[reference.to]
            facts_df = lakehouse.read_or_empty(f"silver.{facts.table}", silver_ddl(facts))
            known_df = lakehouse.read_or_empty(f"silver.{dimension.table}", silver_ddl(dimension))
            frames.append(select_pending(facts_df, known_df, reference, facts.table))
    if frames:
        lakehouse.overwrite("ops.pending_references", reduce(DataFrame.unionByName, frames))


def _dates(lakehouse: Lakehouse, table: SilverSpec) -> list[date]:
    if table.slice is None:
        return []
    dates_df = lakehouse.read(f"silver.{table.table}").select(table.slice).distinct()
    return [row[0] for row in dates_df.collect()]


def write_books(lakehouse: Lakehouse, candidate: Candidate, units_df: DataFrame) -> None:
    """Put the quarantined rows, balance, superseded statements and tombstones of units in place of what was there.

    Statements of equal sequence, of which the hash chose one, are noted beside.

    `units_df` are those that the candidate was built from: what was written for any other unit stays. Of those that
    were applied once (a repair reopened them, or they came back), the amounts that earlier runs published or took back
    stay, too. A table that neither holds nor gets rows of these units is left alone.
    """
    units = {row["unit_id"]: row["was_applied"] for row in units_df.select("unit_id", "was_applied").collect()}
    unit_ids, again = [*units], [unit_id for unit_id, was_applied in units.items() if was_applied]
    if not unit_ids:
        return
    went = {row["disposition"] for row in candidate.balances_df.select("disposition").distinct().collect()}
    aside_df = candidate.rows_df.where(F.col("_disposition").isin(*books.ASIDE)).drop(
        "_disposition", "_winner", "_tied", "_old_amount", "_old_slice"
    )
    superseded_df = (
        candidate.rows_df.where("_disposition IN ('superseded', 'duplicate')")
        .groupBy("source", "_scope", "_statement", "_unit_id", "_winner", "_disposition")
        .agg(F.count("*").alias("line_count"))
    )
    withdrawn_df = candidate.rows_df.where("_disposition = 'withdrawn'").select(*STATEMENT, "_unit_id").distinct()
    _replace(lakehouse, "ops.withdrawn", withdrawn_df, ("_unit_id", unit_ids), "withdrawn" in went)
    _replace(
        lakehouse, f"quarantine.{candidate.table.table}", aside_df, ("_unit_id", unit_ids), bool(went & {*books.ASIDE})
    )
    settled_df = books.settled(candidate.balances_df, _published_before(lakehouse, again))
    _replace(lakehouse, "ops.balances", settled_df, ("unit_id", unit_ids), bool(went))
    _replace(
        lakehouse, "ops.superseded", superseded_df, ("_unit_id", unit_ids), bool(went & {"superseded", "duplicate"})
    )
    note_ties(lakehouse, candidate)


def _published_before(lakehouse: Lakehouse, unit_ids: list[str]) -> DataFrame | None:
    """Return the balances of runs that published the units: those of a run that a gate or a kill stopped never held."""
    if not unit_ids:
        return None
    ours = F.col("unit_id").isin(unit_ids)
    balances_df = lakehouse.read_or_empty("ops.balances", books.BALANCES_DDL).where(ours)
    log_df = lakehouse.read_or_empty("ops.units", books.UNITS_DDL).where(ours & (F.col("state") == "applied"))
    published_df = balances_df.where(F.col("disposition").isin(*books.PUBLISHING)).join(
        log_df.select("unit_id", "run_id").distinct(), on=["unit_id", "run_id"], how="left_semi"
    )
    return lakehouse.materialize(published_df)


def _replace(
    lakehouse: Lakehouse, table: str, rows_df: DataFrame, units: tuple[str, list[str]], has_rows: bool
) -> None:
    column, ids = units
    old_df = lakehouse.read_or_empty(table, rows_df.schema).where(F.col(column).isin(ids))
    if not old_df.isEmpty():
        lakehouse.replace(table, rows_df, f"{column} IN ({_listed(ids)})")
    elif has_rows:
        lakehouse.append(table, rows_df, f"{lakehouse.version(table)}/{_digest(ids)}")


def _listed(unit_ids: list[str]) -> str:
    return ", ".join(f"'{unit_id}'" for unit_id in unit_ids)


def _digest(unit_ids: list[str]) -> str:
    return hashlib.sha256("".join(sorted(unit_ids)).encode()).hexdigest()
