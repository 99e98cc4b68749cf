"""Bring landed units into bronze and note in `ops.units` what became of their bytes."""

from __future__ import annotations

import hashlib
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse import books
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.run import Run
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.stages.bronze import bronze_ddl, read_records
from sales_lakehouse.tables import Lakehouse


def record_units(lakehouse: Lakehouse, run: Run, source: SourceSpec, units: list[Manifest]) -> None:
    """Append the units that bronze does not hold yet, in one commit.

    The bronze table itself says what it holds: a crash after the commit is mended by the next run.
    """
    table, store = f"bronze.{source.source}", LandingStore(run.landing_root)
    bronze_df = lakehouse.read_or_empty(table, bronze_ddl(source))
    held = {row["_unit_id"] for row in bronze_df.select("_unit_id").distinct().collect()}
    new = [unit for unit in units if unit.unit_id not in held]
    if new:
        bytes_df = lakehouse.read_bytes([str(store.content_path(unit)) for unit in new])
        rows_df = read_records(bytes_df, source, run.run_id, run.started_at)
        lakehouse.append(table, rows_df, write_id=_digest([unit.unit_id for unit in new]))


def note_units(lakehouse: Lakehouse, run: Run, units: dict[str, list[Manifest]]) -> None:
    """Count what bronze holds of units, and add it to the books in one commit."""
    counted = [
        books.count_units(lakehouse.read(f"bronze.{source}"), books.manifests_frame(lakehouse.spark, of_source), run)
        for source, of_source in units.items()
        if of_source
    ]
    if counted:
        lakehouse.append("ops.units", reduce(DataFrame.unionByName, counted), f"{run.run_id}/recorded")


def note_applied(lakehouse: Lakehouse, run: Run, units_df: DataFrame) -> None:
    """Add to the books that the published silver tables now hold these units."""
    applied_df = units_df.where("state = 'recorded'").withColumns(
        {"state": F.lit("applied"), "run_id": F.lit(run.run_id), "noted_at": F.lit(run.started_at)}
    )
    if not applied_df.isEmpty():
        lakehouse.append("ops.units", applied_df, f"{run.run_id}/applied")


def open_units(lakehouse: Lakehouse, units: dict[str, list[Manifest]]) -> DataFrame:
    """Return what the books know of units. Grain: one row per unit of `ops.units`."""
    ids = [unit.unit_id for of_source in units.values() for unit in of_source]
    log_df = lakehouse.read_or_empty("ops.units", books.UNITS_DDL)
    return books.current_units(log_df.where(F.col("unit_id").isin(ids)))


def open_records(lakehouse: Lakehouse, units_df: DataFrame, source: SourceSpec) -> DataFrame:
    """Return the readable records of recorded units, with `received_at` and `unit_date` of their delivery.

    Grain: one row per record.
    """
    facts_df = units_df.where("state = 'recorded'").select(
        F.col("unit_id").alias("_unit_id"), "received_at", "unit_date"
    )
    bronze_df = lakehouse.read_or_empty(f"bronze.{source.source}", bronze_ddl(source))
    return bronze_df.where("_kind = 'record'").join(F.broadcast(facts_df), on="_unit_id", how="inner")


def write_books(
    lakehouse: Lakehouse, table: str, candidate_df: DataFrame, balances_df: DataFrame, units_df: DataFrame
) -> None:
    """Put the quarantined rows, the balance and the superseded statements of units in place of what was there.

    Only units that the candidate was built from, the recorded ones: what was written for a unit that is applied stays.
    A table that neither holds nor gets rows of these units is left alone.
    """
    ids = [row["unit_id"] for row in units_df.where("state = 'recorded'").select("unit_id").collect()]
    if not ids:
        return
    aside_df = candidate_df.where("_disposition = 'quarantined'").drop(
        "_disposition", "_winner", "_old_amount", "_old_slice"
    )
    superseded_df = (
        candidate_df.where("_disposition IN ('superseded', 'duplicate')")
        .groupBy("source", "_scope", "_statement", "_unit_id", "_winner", "_disposition")
        .agg(F.count("*").alias("line_count"))
    )
    _replace(lakehouse, f"quarantine.{table}", aside_df, "_unit_id", ids)
    _replace(lakehouse, "ops.balances", balances_df, "unit_id", ids)
    _replace(lakehouse, "ops.superseded", superseded_df, "_unit_id", ids)


def _replace(lakehouse: Lakehouse, table: str, rows_df: DataFrame, column: str, ids: list[str]) -> None:
    old_df = lakehouse.read_or_empty(table, rows_df.schema).where(F.col(column).isin(ids))
    if not old_df.isEmpty():
        listed = ", ".join(f"'{unit_id}'" for unit_id in ids)
        lakehouse.replace(table, rows_df, f"{column} IN ({listed})")
    elif not rows_df.isEmpty():
        lakehouse.append(table, rows_df, f"{lakehouse.version(table)}/{_digest(ids)}")


def _digest(unit_ids: list[str]) -> str:
    return hashlib.sha256("".join(sorted(unit_ids)).encode()).hexdigest()
