"""Two versions of one thing with one time: the source does not say which is newer, so the greater hash stands.

That is the same whatever the order of arrival, but it is nobody's decision: each such pair is noted and reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from sales_lakehouse.candidates import Candidate
from sales_lakehouse.delta_rows import read_rows
from sales_lakehouse.session import local_frame
from sales_lakehouse.stages.silver import KEPT
from sales_lakehouse.tables import Lakehouse

TIES_DDL = (
    "silver_table STRING, source STRING, scope STRING, sequence STRING, winner STRING, winner_unit STRING, "
    "loser STRING, loser_unit STRING, run_id STRING"
)
"""One row per statement that gave way to another of its scope with the same sequence."""
_STATEMENT = ("source", "_scope", "_sequence", "_statement_hash", "_statement", "_unit_id")


def note_ties(lakehouse: Lakehouse, candidate: Candidate) -> None:
    """Add the pairs that this candidate decided by their hash to `ops.ties`; most have none, and write nothing."""
    scopes_df = lakehouse.materialize(candidate.rows_df.where("_tied").select("source", "_scope").distinct())
    if scopes_df.isEmpty():
        return
    arriving_df = candidate.rows_df.where(F.col("_disposition").isin(*KEPT, "superseded", "withdrawn"))
    statements = _statements(scopes_df, arriving_df, candidate.published_df)
    pairs = [(candidate.table.table, *pair, candidate.run_id) for pair in _pairs(statements)]
    ties_df = local_frame(lakehouse.spark, pairs, TIES_DDL)
    lakehouse.append("ops.ties", ties_df, f"{candidate.run_id}/{candidate.table.table}")


def ties_of(lakehouse_root: Path, run_id: str) -> list[dict[str, Any]]:
    """Return the pairs that a run decided, for people.

    Grain: one row per statement that gave way, with what it is about, the time both state, and both deliveries.
    """
    told = ("source", "scope", "sequence", "winner", "loser")
    rows = read_rows(lakehouse_root / "ops" / "ties", None, pc.field("run_id") == run_id)
    named = [{**row, **{side: _named(row[side], row[f"{side}_unit"]) for side in ("winner", "loser")}} for row in rows]
    return sorted(({name: row[name] for name in told} for row in named), key=lambda row: [*row.values()])


def _statements(scopes_df: DataFrame, *frames: DataFrame) -> list[Row]:
    found_df = frames[0].select(*_STATEMENT)
    for rows_df in frames[1:]:
        found_df = found_df.unionByName(rows_df.select(*_STATEMENT))
    return found_df.join(scopes_df, on=["source", "_scope"], how="left_semi").distinct().collect()


def _pairs(statements: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """Yield source, scope and sequence of two statements, and both with their units: that which stands comes first."""
    newest: dict[tuple[str, str], Row] = {}
    for each in statements:
        scope = (each["source"], each["_scope"])
        newest[scope] = max(each, newest.get(scope, each), key=_rank)
    for each in statements:
        first = newest[each["source"], each["_scope"]]
        if each["_sequence"] == first["_sequence"] and each["_statement_hash"] != first["_statement_hash"]:
            stands, gives_way = (first["_statement"], first["_unit_id"]), (each["_statement"], each["_unit_id"])
            yield (*each[:3], *stands, *gives_way)


def _rank(statement: Row) -> tuple[str, str]:
    return statement["_sequence"], statement["_statement_hash"]


def _named(statement: str, unit_id: str) -> str:
    record = statement.partition("/")[2]
    return f"unit {unit_id[:12]}" + (f", record {record}" if record else "")
