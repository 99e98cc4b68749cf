"""From a figure of gold back to the silver rows behind it, and to the bytes that they came from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.ledger.conditions import Condition, both, check_columns, near_values
from sales_lakehouse.ledger.faults import unit_names
from sales_lakehouse.ledger.query import columns_of, literal, quoted, select
from sales_lakehouse.specs import GoldSpec, Pipelines, SilverSpec, Tie


@dataclass(frozen=True)
class Line:
    """A silver row behind a figure: its key, its amount, and the bytes it came from."""

    row: str
    amount: Decimal
    currency: str
    unit: str
    record_no: int
    byte_start: int | None
    byte_length: int | None


@dataclass(frozen=True)
class Figure:
    """A total of gold and the total of the silver rows behind it. Units: the amount is in that currency."""

    currency: str
    column: str
    gold: Decimal
    silver: Decimal
    lines: int


@dataclass(frozen=True)
class Origin:
    """What stands behind rows of gold; `deliveries` counts the lines of each unit. Units: `days_back` in days."""

    gold_rows: int
    days_back: int
    figures: list[Figure]
    deliveries: dict[str, int]
    lines: list[Line]
    looked: list[str]


@dataclass(frozen=True)
class _Reading:
    """A gold table, the rows asked for, and the silver table of the facts that it adds up."""

    root: Path
    gold: GoldSpec
    facts: SilverSpec
    tie: Tie
    where: str

    def select(self, columns: str, rest: str = "", days_back: int = 0) -> list[dict[str, Any]]:
        """Query the silver rows under the keys of the gold rows asked for, of their dates and some days before."""
        shared = [name for name in self.gold.key if name in self.facts.names()]
        keys = ", ".join(quoted(name) for name in self.gold.key)
        on = [f"f.{quoted(name)} IS NOT DISTINCT FROM g.{quoted(name)}" for name in shared if name != self.gold.slice]
        ours, theirs = f"f.{quoted(str(self.facts.slice))}", f"g.{quoted(self.gold.slice)}"
        on.append(f"{ours} <= {theirs} AND {ours} >= {theirs} - INTERVAL '{days_back} days'")
        counts = f"coalesce({self.tie.where}, false)"
        sql = (
            f"SELECT {columns} FROM (SELECT * FROM facts WHERE {counts}) f "
            f"LEFT SEMI JOIN (SELECT DISTINCT {keys} FROM gold WHERE {self.where}) g ON {both(on)} {rest}"
        )
        return select(self.root, sql, facts=f"silver.{self.facts.table}", gold=f"gold.{self.gold.table}")


def trace_figure(root: Path, pipelines: Pipelines, table: str, conditions: list[Condition], limit: int) -> Origin:
    """Go from rows of a gold table back to the deliveries behind them.

    The lines are those that the table's first tie counts; its total is that of the figure's own date, the lines and
    deliveries are those of all days that the table looks back at.
    Raises: ParameterError for a table or a column that gold does not have.
    """
    gold = pipelines.gold.get(table)
    if gold is None or not gold.ties_to:
        names = ", ".join(f"gold.{name}" for name, spec in pipelines.gold.items() if spec.ties_to)
        raise ParameterError(f"gold.{table} is no table whose figures can be traced; there are {names}")
    check_columns(conditions, {*gold.names()}, f"gold.{table}")
    types = columns_of(root, f"gold.{table}")
    where = both([condition.sql(types) for condition in conditions])
    tie = gold.ties_to[0]
    reading = _Reading(root, gold, pipelines.silver[tie.silver.split(".")[0]], tie, where)
    counted = select(root, f"SELECT count(*) AS n FROM gold WHERE {where}", gold=f"gold.{table}")
    count = counted[0]["n"] if counted else 0
    if not count:
        return Origin(0, 0, [], {}, [], [near_values(root, f"gold.{table}", condition) for condition in conditions])
    return Origin(count, gold.lookback_days, _figures(reading), _deliveries(reading), _lines(reading, limit), [])


def _figures(reading: _Reading) -> list[Figure]:
    tie = reading.tie
    column, amount = quoted(tie.column), quoted(tie.silver.split(".")[1])
    sql = f"SELECT currency_code AS c, sum({column}) AS total FROM gold WHERE {reading.where} GROUP BY 1 ORDER BY 1"
    ours = select(reading.root, sql, gold=f"gold.{reading.gold.table}")
    theirs = reading.select(f"f.currency_code AS c, sum(f.{amount}) AS total, count(*) AS n", "GROUP BY 1")
    behind = {row["c"]: (row["total"], row["n"]) for row in theirs}
    nothing = (Decimal(0), 0)
    return [Figure(row["c"], tie.column, row["total"], *behind.get(row["c"], nothing)) for row in ours]


def _deliveries(reading: _Reading) -> dict[str, int]:
    name_of = unit_names(reading.root)
    rows = reading.select("f._unit_id AS u, count(*) AS n", "GROUP BY 1 ORDER BY 2 DESC, 1", reading.gold.lookback_days)
    return {name_of(row["u"]): row["n"] for row in rows}


def _lines(reading: _Reading, limit: int) -> list[Line]:
    facts, amount = reading.facts, reading.tie.silver.split(".")[1]
    order = ", ".join(f"f.{quoted(name)}" for name in facts.key)
    rows = reading.select("f.*", f"ORDER BY {order} LIMIT {limit}", reading.gold.lookback_days)
    name_of, spans = unit_names(reading.root), _spans(reading.root, rows)
    return [
        Line(
            ", ".join(f"{name}={row[name]}" for name in facts.key),
            row[amount],
            row["currency_code"],
            name_of(row["_unit_id"]),
            row["_record_no"],
            *spans.get((row["_unit_id"], row["_record_no"]), (None, None)),
        )
        for row in rows
    ]


def _spans(root: Path, rows: list[dict[str, Any]]) -> dict[tuple[str, int], tuple[int, int]]:
    """Return start and length of the records that rows came from."""
    spans: dict[tuple[str, int], tuple[int, int]] = {}
    for source in sorted({row["source"] for row in rows}):
        units = ", ".join(sorted({literal(row["_unit_id"]) for row in rows if row["source"] == source}))
        numbers = ", ".join(sorted({str(row["_record_no"]) for row in rows if row["source"] == source}))
        sql = (
            "SELECT _unit_id AS u, _record_no AS r, _byte_start AS s, _byte_length AS n FROM b "
            f"WHERE _unit_id IN ({units}) AND _record_no IN ({numbers})"
        )
        spans |= {(row["u"], row["r"]): (row["s"], row["n"]) for row in select(root, sql, b=f"bronze.{source}")}
    return spans
