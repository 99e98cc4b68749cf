"""Two versions of one thing with one time: the source does not say which is newer, so the greater hash stands.

That is the same whatever the order of arrival, but it is nobody's decision: each such pair is noted and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import Row as SparkRow
from pyspark.sql import functions as F

from sales_lakehouse.candidates import Candidate
from sales_lakehouse.delta_rows import Row, read_rows
from sales_lakehouse.ledger.faults import unit_names
from sales_lakehouse.quality.gate import MASKED
from sales_lakehouse.run import Run
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.stages.silver import KEPT
from sales_lakehouse.tables import Lakehouse

TIES_DDL = (
    "silver_table STRING, source STRING, scope STRING, sequence STRING, winner STRING, winner_unit STRING, "
    "loser STRING, loser_unit STRING, run_id STRING"
)
"""One row per statement that gave way to another of its scope with the same sequence."""
_LONGEST = 60
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


def ties_of(run: Run) -> list[dict[str, str]]:
    """Return the pairs that a run decided, for people; personal values are masked.

    Grain: one row per statement that gave way, with what it is about, the time that both state, the two deliveries,
    and in which values of the source the two differ.
    """
    root = Path(run.lakehouse_root)
    name_of = unit_names(root)
    rows = read_rows(root / "ops" / "ties", None, pc.field("run_id") == run.run_id)
    told = [
        {
            "source": row["source"],
            "about": _about(run, row),
            "both state": row["sequence"],
            "stands": _named(name_of, row, "winner"),
            "gives way": _named(name_of, row, "loser"),
            "stands with, not with": _difference(run, row),
        }
        for row in rows
    ]
    return sorted(told, key=lambda row: [*row.values()])


def _about(run: Run, row: Mapping[str, str]) -> str:
    """Say what a pair is about by the columns that name it."""
    source = run.pipelines.source(row["source"])
    table = run.pipelines.table_of(source)
    columns = [source.silver.scope.column] if source.silver.scope.column else [*table.key]
    values = [row["scope"]] if source.silver.scope.column else row["scope"].split("|")[1:]
    if len(columns) != len(values):  # a value holds the sign that parts them
        return MASKED if table.personal().intersection(columns) else row["scope"]
    pairs = zip(columns, values, strict=True)
    return ", ".join(f"{name} {MASKED if name in table.personal() else value}" for name, value in pairs)


def _difference(run: Run, row: Mapping[str, str]) -> str:
    """Say in which raw values two records differ, that which stands first; of whole files nothing."""
    source = run.pipelines.source(row["source"])
    if source.silver.scope.kind == "slice":
        return "the two files"
    personal = run.pipelines.table_of(source).personal()
    hidden = {mapping.from_ for name, mapping in source.silver.columns.items() if name in personal}
    stands, gives_way = (_record(run, source, row[side]) for side in ("winner", "loser"))
    differing = [name for name in source.columns if stands.get(name) != gives_way.get(name)]
    return "; ".join(
        f"{name}: {MASKED}" if name in hidden else f"{name}: {_cut(stands.get(name))}, not {_cut(gives_way.get(name))}"
        for name in differing
    )


def _record(run: Run, source: SourceSpec, statement: str) -> Row:
    unit, _, number = statement.partition("/")
    asked = (pc.field("_unit_id") == unit) & (pc.field("_record_no") == int(number))
    rows = read_rows(Path(run.lakehouse_root) / "bronze" / source.source, [*source.columns], asked)
    return rows[0] if rows else {}


def _cut(text: str | None) -> str:
    return "nothing" if text is None else text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _statements(scopes_df: DataFrame, *frames: DataFrame) -> list[SparkRow]:
    found_df = frames[0].select(*_STATEMENT)
    for rows_df in frames[1:]:
        found_df = found_df.unionByName(rows_df.select(*_STATEMENT))
    return found_df.join(scopes_df, on=["source", "_scope"], how="left_semi").distinct().collect()


def _pairs(statements: Sequence[SparkRow]) -> Iterator[tuple[str, ...]]:
    """Yield source, scope and sequence of two statements, and both with their units: that which stands comes first."""
    newest: dict[tuple[str, str], SparkRow] = {}
    for each in statements:
        scope = (each["source"], each["_scope"])
        newest[scope] = max(each, newest.get(scope, each), key=_rank)
    for each in statements:
        first = newest[each["source"], each["_scope"]]
        if each["_sequence"] == first["_sequence"] and each["_statement_hash"] != first["_statement_hash"]:
            stands, gives_way = (first["_statement"], first["_unit_id"]), (each["_statement"], each["_unit_id"])
            yield (*each[:3], *stands, *gives_way)


def _rank(statement: SparkRow) -> tuple[str, str]:
    return statement["_sequence"], statement["_statement_hash"]


def _named(name_of: Callable[[str], str], row: Mapping[str, str], side: str) -> str:
    record = row[side].partition("/")[2]
    return name_of(row[f"{side}_unit"]) + (f", record {record}" if record else "")
