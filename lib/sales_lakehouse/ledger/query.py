"""Published tables read without Spark: SQL over Delta folders, exact decimals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError

from sales_lakehouse.errors import TableError
from sales_lakehouse.ledger.log import folder_of


def is_table(root: Path, table: str) -> bool:
    """Tell whether a table has a first version."""
    return DeltaTable.is_deltatable(str(folder_of(root, table)))


def columns_of(root: Path, table: str) -> dict[str, pa.DataType]:
    """Return the columns of a table and their types; none where it was never written."""
    if not is_table(root, table):
        return {}
    schema = pa.schema(_open(root, table).schema().to_arrow())
    return {field.name: field.type for field in schema}


def select(root: Path, sql: str, **tables: str) -> list[dict[str, Any]]:
    """Return the rows of a query; each table goes by the name it is given here, as in `units="ops.units"`.

    Where one of the tables was never written there are no rows.
    Raises: TableError when a file of a table is missing or not what Delta's log says, or when the engine
    does not know the SQL.
    """
    if not all(is_table(root, table) for table in tables.values()):
        return []
    builder = QueryBuilder()
    for name, table in tables.items():
        builder = builder.register(name, _open(root, table))
    named = ", ".join(tables.values())
    try:
        reader = builder.execute(sql)
    except DeltaError as cause:
        raise TableError(f"{named}: the question is not understood: {_line(cause)}") from cause
    try:
        found: list[dict[str, Any]] = pa.table(reader).to_pylist()
    except (DeltaError, pa.ArrowException, OSError) as cause:
        raise TableError(f"{named}: {_line(cause)}; `lakehouse books --deep` names the files") from cause
    return found


def _open(root: Path, table: str) -> DeltaTable:
    try:
        return DeltaTable(folder_of(root, table))
    except DeltaError as cause:
        raise TableError(f"{table}: its log cannot be read: {_line(cause)}; `lakehouse books` tells why") from cause


def _line(cause: Exception) -> str:
    return " ".join(str(cause).split())[:200]


def literal(value: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def quoted(column: str) -> str:
    """Return a column's name as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'
