"""Rows of a Delta table without Spark, and without leaving a thread behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

Row = dict[str, Any]


def read_rows(folder: Path, columns: Sequence[str] | None = None, asked: pc.Expression | None = None) -> list[Row]:
    """Return the rows of a table, as far as it has the columns; none where it was never written."""
    if not DeltaTable.is_deltatable(str(folder)):
        return []
    # Arrow's own file system: with deltalake's, a reading thread calls Python, and does so while the process ends,
    # which aborts it in one of thirty calls on a busy machine.
    files = SubTreeFileSystem(str(folder), LocalFileSystem())
    dataset = DeltaTable(folder).to_pyarrow_dataset(filesystem=files)
    names = dataset.schema.names
    rows: list[Row] = dataset.to_table(
        columns=names if columns is None else [name for name in columns if name in names], filter=asked
    ).to_pylist()
    return rows
