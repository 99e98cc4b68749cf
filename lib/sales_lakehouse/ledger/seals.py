"""Seals: what the files of the published tables held when a run left them, kept under `ops/seals/`.

A file of Delta never changes once it is written. One whose bytes differ from its seal was altered by somebody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from sales_lakehouse.files import read_lines, write_lines
from sales_lakehouse.ledger.digests import digest_bytes, digest_parts
from sales_lakehouse.ledger.log import find_tables, folder_of

_WHOLE_FILE = "the whole file"


@dataclass(frozen=True)
class Seal:
    """A file as a run left it; `parts` holds the fingerprint of each unit's or slice's rows."""

    path: str
    sha256: str
    rows: int
    parts: dict[str, str]


@dataclass(frozen=True)
class ActiveFile:
    """A file of a table's newest version: where it is, the rows that Delta counts, and the slice it belongs to."""

    path: str
    rows: int | None
    slice: str


def active_files(root: Path, table: str) -> list[ActiveFile]:
    """Return the files that a table's newest version is made of."""
    adds = pa.table(DeltaTable(folder_of(root, table)).get_add_actions(flatten=True)).to_pylist()
    return [ActiveFile(add["path"], add.get("num_records"), _slice_of(add)) for add in adds]


def seal_files(lakehouse_root: str | Path) -> int:
    """Seal the active files that have no seal yet, and return how many; only those are read."""
    root = Path(lakehouse_root)
    return sum(_seal_table(root, table) for table in find_tables(root))


def read_seals(root: Path, table: str) -> dict[str, Seal]:
    """Return the seals of a table by the path of the file."""
    return {found["path"]: Seal(**found) for found in read_lines(_path(root, table))}


def _seal_table(root: Path, table: str) -> int:
    known, folder = read_seals(root, table), folder_of(root, table)
    new = [seal for file in active_files(root, table) if file.path not in known for seal in _seal(folder, file)]
    if new:
        # Those of files that a version still can go back to are kept; Delta's vacuum takes the files away.
        kept = [seal for seal in known.values() if (folder / seal.path).exists()]
        write_lines(_path(root, table), map(asdict, [*kept, *new]))
    return len(new)


def _seal(folder: Path, file: ActiveFile) -> Iterator[Seal]:
    path = folder / file.path
    if path.exists():
        rows = pq.ParquetFile(path).metadata.num_rows
        yield Seal(file.path, digest_bytes(path), rows, digest_parts(path, file.slice))


def _slice_of(add: dict[str, Any]) -> str:
    values = {name.removeprefix("partition."): value for name, value in add.items() if name.startswith("partition.")}
    return ", ".join(f"{name}={value}" for name, value in values.items()) or _WHOLE_FILE


def _path(root: Path, table: str) -> Path:
    return root / "ops/seals" / f"{table}.jsonl"
