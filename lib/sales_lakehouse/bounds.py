"""Bounds of values: what lets Delta leave the files alone that hold none of a change's keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_BOUNDED = {"string", "int", "bigint", "smallint", "tinyint", "date"}
"""Types whose values a SQL literal writes exactly, and of which Delta keeps the least and the greatest per file."""


@dataclass(frozen=True)
class Bounds:
    """The least and the greatest value of columns as SQL, and how many rows have a value at all."""

    rows: int
    columns: Mapping[str, tuple[int, str, str]]

    def predicate(self, columns: Iterable[str], alias: str = "") -> str:
        """Return SQL that holds for every row which equals a bounded row in these columns, NULL for NULL."""
        place = f"{alias}." if alias else ""
        return " AND ".join(self.around(name, f"{place}`{name}`") for name in columns)

    def around(self, name: str, column: str) -> str:
        """Return SQL that holds where another column has one of the values of the bounded one."""
        if not self.rows:
            return "false"
        if name not in self.columns:
            return "true"
        count, low, high = self.columns[name]
        tests = [f"{column} BETWEEN {low} AND {high}"] * (count > 0) + [f"{column} IS NULL"] * (count < self.rows)
        return f"({' OR '.join(tests)})"


def bounds_of(rows_df: DataFrame, columns: Iterable[str]) -> Bounds:
    """Return the bounds of columns over all rows, in one pass; a column of another type than these has none."""
    types = dict(rows_df.dtypes)
    names = [name for name in dict.fromkeys(columns) if types[name] in _BOUNDED]
    ends = [
        F.struct(F.count(name), *(end(name).cast("string") for end in (F.min, F.max))).alias(name) for name in names
    ]
    rows, *found = rows_df.agg(F.count("*"), *ends).collect()[0]
    return Bounds(
        rows, {name: (told[0], *_in_sql(told[1:], types[name])) for name, told in zip(names, found, strict=True)}
    )


def text_literal(text: str) -> str:
    """Return a text as a literal of Spark's SQL, which puts in a variable's value where it reads `${name}`."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\u0024")
    return f"'{escaped}'"


def _in_sql(ends: Iterable[str | None], kind: str) -> tuple[str, str]:
    low, high = (text_literal(f"{end}") for end in ends)
    return (low, high) if kind == "string" else (f"CAST({low} AS {kind})", f"CAST({high} AS {kind})")
