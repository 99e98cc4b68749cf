"""Repairs: a corrected record stands in for the one it names, in that record's statement and at its place."""

from __future__ import annotations

from datetime import datetime

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.formats import CsvFormat
from sales_lakehouse.stages.bronze import read_records

NAMED = ("_repairs_unit", "_repairs_no")
"""The first columns of a repair file: the delivered unit, and the number of the record in it that each line mends."""


def repair_form(source: SourceSpec) -> SourceSpec:
    """Return how a repair file of a source is read: our own dialect, whatever the partner's is."""
    dialect = CsvFormat(kind="csv", line_breaks_in_fields=True)
    return source.model_copy(update={"format": dialect, "columns": (*NAMED, *source.columns)})


def read_repairs(parts_df: DataFrame, source: SourceSpec, run_id: str, ingested_at: datetime) -> DataFrame:
    """Cut repair files into rows of the source's bronze table. Grain: as `read_records`, with what each row repairs."""
    rows_df = read_records(parts_df, repair_form(source), run_id, ingested_at)
    return rows_df.withColumn("_repairs_no", F.expr("try_cast(_repairs_no AS BIGINT)"))


def as_delivered(records_df: DataFrame) -> DataFrame:
    """Let every record stand for itself, in the statement of its own unit. Grain: one row per record → the same."""
    return records_df.withColumns(
        {
            "_statement_unit": F.col("_unit_id"),
            "_statement_no": F.col("_record_no"),
            "_repaired_by": F.lit(None).cast("string"),
        }
    )


def with_repairs(records_df: DataFrame, facts_df: DataFrame, source: SourceSpec) -> DataFrame:
    """Put the newest repair of a record in its place; what it stands in for is named, not lost.

    Grain: one row per bronze record, repairs among them → the same rows, with `_statement_unit` and `_statement_no`
    (the record that a row is, or stands in for), `_repaired_by` (the unit of the repair that stands in for a row, NULL
    where the row itself stands), `_stands_in` (the row is a repair), and `received_at` and `unit_date` of the
    statement's unit. A repair has the sequence of the record it names. `facts_df` holds `_unit_id`, `received_at` and
    `unit_date` of all these units.
    """
    named_df = records_df.withColumns(
        {"_statement_unit": F.coalesce(NAMED[0], "_unit_id"), "_statement_no": F.coalesce(NAMED[1], "_record_no")}
    )
    own_df = facts_df.select("_unit_id", F.col("received_at").alias("_came"))
    place = Window.partitionBy("_statement_unit", "_statement_no")
    arrival = F.struct(F.col(NAMED[0]).isNotNull().alias("_mends"), "_came", "_unit_id", "_record_no")
    ranked_df = named_df.join(F.broadcast(own_df), on="_unit_id", how="inner").withColumn("_arrival", arrival)
    ranked_df = ranked_df.withColumn("_last", F.max("_arrival").over(place))
    told = {
        "_repaired_by": F.when(F.col("_arrival") != F.col("_last"), F.col("_last._unit_id")),
        "_stands_in": F.col("_arrival._mends"),
    }
    if source.silver.sequence != "received_at":
        column = source.silver.sequence
        original = F.max(F.when(~F.col("_arrival._mends"), F.col(f"`{column}`"))).over(place)
        told[column] = F.coalesce(original, F.col(f"`{column}`"))
    dates_df = facts_df.withColumnRenamed("_unit_id", "_statement_unit")
    return ranked_df.withColumns(told).join(F.broadcast(dates_df), on="_statement_unit", how="inner")
