"""What somebody looks for: `column=value`, compared as the column's type demands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import pyarrow as pa

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.ledger.query import columns_of, literal, quoted, select

_COMPARED = 200_000
_LISTED = 40
_NUMBER = re.compile(r"[+-]?[0-9]{1,34}(\.[0-9]{1,4})?")


@dataclass(frozen=True)
class Condition:
    """One column and the value it must have; an empty value asks for rows without one."""

    column: str
    value: str

    @classmethod
    def read(cls, text: str) -> Condition:
        """Read `column=value`; the value may contain further equal signs."""
        column, sign, value = text.partition("=")
        if not sign or not column:
            raise ParameterError(f"--where {text}: expected column=value, like InvoiceNo=540001")
        return cls(column, value)

    def in_words(self) -> str:
        """Return the condition as it was asked."""
        return f"{self.column}={self.value}"

    def sql(self, types: dict[str, pa.DataType]) -> str:
        """Return the condition as SQL for a table of these columns.

        A value that the type does not know, and a column that the table has not gained yet, match no row.
        """
        if self.column not in types:
            return "false"
        kind = types[self.column]
        column, value = quoted(self.column), literal(self.value)
        if not self.value:
            return f"({column} IS NULL OR CAST({column} AS VARCHAR) = '')"
        if pa.types.is_decimal(kind) or pa.types.is_integer(kind):
            # Read here: the engine takes a comparison with a failed cast for one that every row passes.
            return f"{column} = CAST({value} AS DECIMAL(38,4))" if _NUMBER.fullmatch(self.value) else "false"
        if pa.types.is_timestamp(kind):
            return f"strpos(CAST({column} AS VARCHAR), {literal(self.value.replace(' ', 'T'))}) = 1"
        return f"CAST({column} AS VARCHAR) = {value}"


def split_known(conditions: list[Condition], known: set[str]) -> tuple[list[Condition], list[Condition]]:
    """Part conditions into those whose column is known here and the others."""
    here = [condition for condition in conditions if condition.column in known]
    return here, [condition for condition in conditions if condition.column not in known]


def both(conditions: list[str]) -> str:
    """Return the conjunction of SQL conditions."""
    return " AND ".join(f"({condition})" for condition in conditions) or "true"


def near_values(root: Path, table: str, condition: Condition) -> str:
    """Say which values the column has that look like the one that was asked for, else its first and last."""
    if condition.column not in columns_of(root, table):
        return f"{table} has no column {condition.column} yet"
    column = f"CAST({quoted(condition.column)} AS VARCHAR)"
    rows = select(root, f"SELECT DISTINCT {column} AS v FROM t WHERE {column} <> '' LIMIT {_COMPARED}", t=table)
    values = sorted(str(row["v"]) for row in rows)
    if condition.value in values:
        return f"{table} has {condition.in_words()}, but not together with the rest"
    if near := _near(condition.value, values):
        return f"{table} has no {condition.in_words()}; near it are {', '.join(near)}"
    held = f"its values go from {values[0]} to {values[-1]}" if values else "the column is empty"
    return f"{table} has no {condition.in_words()}; {held}"


def _near(value: str, values: list[str]) -> list[str]:
    """Return the values that look like one, of dates those that are next to it."""
    try:
        day = date.fromisoformat(value)
        return sorted(sorted(values, key=lambda each: abs(date.fromisoformat(each) - day))[:3])
    except ValueError:
        return get_close_matches(value, values, 3)


def check_columns(conditions: list[Condition], known: set[str], where: str) -> None:
    """Refuse a column that nobody knows.

    Raises: ParameterError with the column that looks like it, and with all that there are.
    """
    for condition in conditions:
        if condition.column not in known:
            near = get_close_matches(condition.column, sorted(known), 1, 0.5)
            meant = f"; did you mean {near[0]}?" if near else ";"
            more = f" and {len(known) - _LISTED:,} more" if len(known) > _LISTED else ""
            listed = f"{', '.join(sorted(known)[:_LISTED])}{more}"
            raise ParameterError(f"{where} has no column {condition.column}{meant} it has {listed}")
