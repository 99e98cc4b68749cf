"""Candidates: what silver would become, built and read again before any gate decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse import books
from sales_lakehouse.bounds import Bounds
from sales_lakehouse.run import Run
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import SilverSpec, SourceSpec
from sales_lakehouse.stages.bronze import bronze_ddl
from sales_lakehouse.stages.conform import Known, conform_records
from sales_lakehouse.stages.near import bound_changes, select_near, select_touched
from sales_lakehouse.stages.repairs import as_delivered, with_repairs
from sales_lakehouse.stages.silver import decide, future_of, select_deleted, select_refused_since, silver_ddl
from sales_lakehouse.stages.standing import EMPTY_DDL, STATEMENT, stated
from sales_lakehouse.tables import Lakehouse


@dataclass(frozen=True)
class Candidate:
    """A silver table as it is, and the judged rows of one run that would change it."""

    lakehouse: Lakehouse
    table: SilverSpec
    run_id: str

    @property
    def name(self) -> str:
        """Return the table's name in the lakehouse."""
        return f"candidates.{self.table.table}"

    @cached_property
    def published_df(self) -> DataFrame:
        """Return the table as readers see it."""
        return self.lakehouse.read_or_empty(f"silver.{self.table.table}", silver_ddl(self.table))

    @cached_property
    def rows_df(self) -> DataFrame:
        """Return the run's judged rows; another run's candidate has none."""
        return self.lakehouse.read(self.name).where(F.col("_run_id") == self.run_id)

    @cached_property
    def balances_df(self) -> DataFrame:
        """Return what became of the records of each unit, counted once."""
        return self.lakehouse.materialize(books.balance(self.rows_df, self.table, self.run_id))

    @cached_property
    def bounds(self) -> Bounds:
        """Return the bounds of what the run changes, read once."""
        return bound_changes(self.rows_df, self.table)

    @cached_property
    def near_df(self) -> DataFrame:
        """Return the published rows that the run's changes concern."""
        return select_near(self.published_df, self.rows_df, self.table, self.bounds)

    @cached_property
    def near_future_df(self) -> DataFrame:
        """Return what becomes of these rows, with those that come."""
        return future_of(self.near_df, self.rows_df, self.table)

    @cached_property
    def future_df(self) -> DataFrame:
        """Return the table as it would be."""
        return future_of(self.published_df, self.rows_df, self.table)


def tables_with_work(run: Run, units_df: DataFrame) -> dict[str, list[str]]:
    """Return the silver tables that recorded units of this run fill, with the ids of those units.

    Tables with history come first: a fact that is held until its customer comes finds one that comes with it.
    """
    units = [(row["source"], row["unit_id"]) for row in units_df.where("state = 'recorded'").collect()]
    tables = sorted(run.pipelines.silver, key=lambda table: run.pipelines.silver[table].history is None)
    sources = {table: {spec.source for spec in run.pipelines.sources_of(table)} for table in tables}
    ids = {table: [unit for source, unit in units if source in of_table] for table, of_table in sources.items()}
    return {table: of_table for table, of_table in ids.items() if of_table}


def build_candidate(lakehouse: Lakehouse, run: Run, table: SilverSpec, units_df: DataFrame) -> Candidate:
    """Type, judge and compare the records of recorded units, and keep the result as the table's candidate."""
    candidate = Candidate(lakehouse, table, run.run_id)
    sources = run.pipelines.sources_of(table.table)
    units = units_df.where("state = 'recorded'").select("source", "unit_id", "was_applied").collect()
    delivering = [source for source in sources if any(unit["source"] == source.source for unit in units)]
    conformed = [
        conform_records(
            _open_records(lakehouse, units_df, source), source, table, _known(lakehouse, run, source, units_df)
        )
        for source in delivering
    ]
    rows_df, empty = reduce(DataFrame.unionByName, conformed), _empty_statements(lakehouse, units_df, sources)
    empty_df = local_frame(lakehouse.spark, empty, EMPTY_DDL) if empty else None
    names = {source.source for source in delivering}
    again = [unit["unit_id"] for unit in units if unit["source"] in names and unit["was_applied"]]
    published_df = candidate.published_df
    if not again:  # a record that is judged again may have lost any row
        published_df = select_touched(published_df, rows_df, table, delivering, [scope for _, scope, *_ in empty])
    # Its own earlier judgement does not stand against a statement: where the source's columns changed, so did its hash.
    others_df = published_df.where(~F.col("_unit_id").isin(again))
    decided_df = decide(rows_df, published_df, table, run.run_id, stated(others_df, empty_df))
    lakehouse.overwrite(candidate.name, decided_df)
    gone_df = _gone(candidate, published_df, sources, empty_df, bool(again))
    if gone_df is not None:
        # By the version: a retry of the same run has overwritten what it appended before, and must append it again.
        lakehouse.append(candidate.name, gone_df, f"{run.run_id}/deleted/{lakehouse.version(candidate.name)}")
    return candidate


def _known(lakehouse: Lakehouse, run: Run, source: SourceSpec, units_df: DataFrame) -> Known:
    """Return the entities that a source's records may name: those that are published, and those of this run."""
    known, arriving = {}, tables_with_work(run, units_df) if source.silver.hold_unknown else {}
    for column in source.silver.hold_unknown:
        dimension = run.pipelines.silver[run.pipelines.table_of(source).dimension_of(column)]
        candidate = Candidate(lakehouse, dimension, run.run_id)
        entities_df = candidate.future_df if dimension.table in arriving else candidate.published_df
        known[column] = entities_df.select(column)
    return known


def _gone(
    candidate: Candidate, published_df: DataFrame, sources: list[SourceSpec], empty_df: DataFrame | None, again: bool
) -> DataFrame | None:
    """Return the published rows that go; None where none can.

    A statement of one row leaves none out and, judged for the first time, takes none back.
    """
    decided_df = candidate.lakehouse.read(candidate.name)
    given = (decided_df, published_df, candidate.table, candidate.run_id)
    covers_one = all(source.silver.scope.kind == "key" and not source.silver.deleted for source in sources)
    left_out_df = None if covers_one else select_deleted(*given, empty_df)
    if not again:
        return left_out_df
    refused_df = select_refused_since(*given)
    if left_out_df is None:
        return refused_df
    key = list(candidate.table.key)
    return left_out_df.unionByName(refused_df.join(left_out_df.select(*key), on=key, how="left_anti"))


def _empty_statements(lakehouse: Lakehouse, units_df: DataFrame, sources: list[SourceSpec]) -> list[tuple[str, ...]]:
    """Return the statements without a row: files without a line that arrive or were applied, tombstones of all runs.

    They keep out what is older. Grain: one tuple per statement, in the columns of `EMPTY_DDL`.
    """
    names = [s.source for s in sources if s.silver.scope.kind == "slice" and s.silver.sequence == "received_at"]
    log_df = lakehouse.read_or_empty("ops.units", books.UNITS_DDL).where("state = 'applied'")
    told = [
        rows_df.where(F.col("source").isin(names) & (F.col("found") == 0))
        .select("source", "unit_date", "received_at", "unit_id")
        .collect()
        for rows_df in (log_df, units_df)
    ]
    statements = [(*row, row["unit_id"]) for rows in told for row in rows]
    withdrawing = [source.source for source in sources if source.silver.deleted]
    if withdrawing:
        withdrawn_df = lakehouse.read_or_empty("ops.withdrawn", f"{EMPTY_DDL}, _unit_id STRING")
        told_df = withdrawn_df.where(F.col("source").isin(withdrawing)).select(*STATEMENT)
        statements += [tuple(row) for row in told_df.collect()]
    return statements


def _open_records(lakehouse: Lakehouse, units_df: DataFrame, source: SourceSpec) -> DataFrame:
    """Return the readable records of recorded units in the columns that `conform_records` asks for."""
    recorded_df = units_df.where("state = 'recorded'")
    facts_df = recorded_df.select(F.col("unit_id").alias("_unit_id"), "received_at", "unit_date")
    records_df = lakehouse.read_or_empty(f"bronze.{source.source}", bronze_ddl(source)).where("_kind = 'record'")
    if not recorded_df.where(F.col("is_repair") & (F.col("source") == source.source)).isEmpty():
        return with_repairs(records_df, facts_df, source)
    # By the ids, files of other units are not even opened.
    ids = [row["_unit_id"] for row in facts_df.select("_unit_id").collect()]
    return as_delivered(records_df.where(F.col("_unit_id").isin(ids)).join(F.broadcast(facts_df), on="_unit_id"))
