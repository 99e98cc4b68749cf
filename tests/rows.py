"""Rows of a scanned unit as plain values, for tests of whatever reads or follows the scanner."""

from collections.abc import Mapping
from typing import Any

from sales_lakehouse.scan import scan_unit
from sales_lakehouse.specs import SourceSpec

Row = dict[str, Any]


def rows_of(content: Any, source: SourceSpec, stated: Mapping[str, str] | None = None) -> list[Row]:
    """Read a unit; each row by column name, and the span as written as `bytes`."""
    rows: list[Row] = [row for batch in scan_unit(content, source, stated) for row in batch.to_pylist()]
    for row in rows:
        row["bytes"] = bytes(content[row["_byte_start"] : row["_byte_start"] + row["_byte_length"]])
    return rows


def records_of(content: Any, source: SourceSpec) -> list[Row]:
    """Read a unit's records that are kept."""
    return [row for row in rows_of(content, source) if row["_kind"] == "record"]


def kinds(rows: list[Row]) -> list[str]:
    """Return what the rows are, in order."""
    return [row["_kind"] for row in rows]


def covers(rows: list[Row], content: bytes) -> bool:
    """Tell whether the spans of the rows are the content, in order, nothing twice and nothing left out."""
    return b"".join(row["bytes"] for row in rows) == content
