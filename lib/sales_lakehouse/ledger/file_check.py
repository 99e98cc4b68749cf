"""Deep check of bytes: the files of the tables against their seals, landed units against their names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.landing.retention import retired_units
from sales_lakehouse.landing.store import ids_of
from sales_lakehouse.ledger.digests import digest_bytes, digest_parts
from sales_lakehouse.ledger.faults import Fault, all_manifests, bounded, unit_names
from sales_lakehouse.ledger.log import find_tables, folder_of
from sales_lakehouse.ledger.seals import ActiveFile, Seal, active_files, read_seals
from sales_lakehouse.wording import counted


def check_files(root: Path, readable: set[str]) -> tuple[list[Fault], dict[str, int]]:
    """Read every active file of the tables that can be read.

    Returns what was altered, by table, file and unit, and how many files of each table have no seal yet.
    """
    name_of, faults, unsealed = unit_names(root), list[Fault](), dict[str, int]()
    for table in (table for table in find_tables(root) if table in readable):
        seals, files = read_seals(root, table), active_files(root, table)
        for file in files:
            path = folder_of(root, table) / file.path
            faults += [
                Fault(f"{table}, file {file.path}", what)
                for what in _altered(path, file, seals.get(file.path), name_of)
            ]
        unsealed[table] = sum(file.path not in seals for file in files)
    return faults, {table: count for table, count in unsealed.items() if count}


def check_landing(root: Path) -> list[Fault]:
    """Hold the bytes of every landed unit against its name, which is their sha256; those let go are noted."""
    store = LandingStore(root / "landing")
    retired = {source: retired_units(store, source) for source in store.sources()}
    here = [unit for unit in all_manifests(root) if unit.unit_id not in retired[unit.source] or _is_there(store, unit)]
    return [fault for manifest in here for fault in _landed(root, manifest)]


def _is_there(store: LandingStore, unit: Manifest) -> bool:
    return store.content_path(unit).exists()


def _altered(path: Path, file: ActiveFile, seal: Seal | None, name_of: Callable[[str], str]) -> Iterator[str]:
    if not path.exists():
        lost = f"; it held {bounded([name_of(part) for part in seal.parts])}" if seal else ""
        yield f"it is missing{lost}"
        return
    if seal and digest_bytes(path) != seal.sha256:
        yield f"its bytes are not those that were sealed: {_changed_parts(path, file, seal, name_of)}"
    try:
        rows = pq.ParquetFile(path).metadata.num_rows
    except (pa.ArrowException, OSError):
        rows = None
    if rows is None and not seal:
        yield "it is no parquet file"
    if rows is not None and file.rows is not None and rows != file.rows:
        yield f"it holds {counted(rows, 'row')}, Delta's log says {file.rows:,}"


def _changed_parts(path: Path, file: ActiveFile, seal: Seal, name_of: Callable[[str], str]) -> str:
    try:
        found = digest_parts(path, file.slice)
    except (pa.ArrowException, OSError):
        return f"it is no parquet file any more; it held {bounded([name_of(part) for part in seal.parts])}"
    parts = [part for part in sorted({*seal.parts, *found}) if seal.parts.get(part) != found.get(part)]
    told = [
        f"{name_of(part)} had {_rows(seal.parts.get(part))}, has {_rows(found.get(part))}{_same(seal, found, part)}"
        for part in parts
    ]
    return f"rows differ of {bounded(told)}" if told else "the rows are the same, the file was written anew"


def _rows(fingerprint: str | None) -> str:
    return fingerprint.rpartition(" ")[0] if fingerprint else "none"


def _same(seal: Seal, found: dict[str, str], part: str) -> str:
    return ", other ones" if _rows(seal.parts.get(part)) == _rows(found.get(part)) else ""


def _landed(root: Path, manifest: Manifest) -> Iterator[Fault]:
    path = LandingStore(root / "landing").content_path(manifest)
    where = f"landing/{manifest.source}, unit {manifest.unit_id[:8]} ({manifest.name})"
    if not path.exists():
        yield Fault(where, "its bytes are missing, the manifest is there")
        return
    content = path.read_bytes()
    of_content = hashlib.sha256(content).hexdigest()  # the id of units that landed before ids named the source
    if manifest.unit_id not in (*ids_of(manifest, content), of_content):
        yield Fault(where, f"its bytes do not hash to its name; {len(content):,} bytes, {manifest.size_bytes:,} landed")
