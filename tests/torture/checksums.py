"""What a lakehouse holds, as one checksum a table: canonical rows in a fixed order, read by delta-rs.

What hangs on when something ran is left out; so is what each run adds to the books anew, but for what holds now.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

Row = dict[str, Any]
RUNTIME = {
    "_run_id",
    "run_id",
    "_ingested_at",
    "_sequence",  # of a file it is the moment at which it landed
    "received_at",
    "noted_at",
    "judged_at",
}
PUBLISHED = ("bronze", "silver", "gold", "quarantine")
BOOKS = ("units", "balances", "superseded", "pending_references", "withdrawn")


LINEAGE = {"_unit_id", "_record_no", "_row_no", "_statement", "_statement_hash"}
"""What says which of two statements of the same row stands: the one that was processed first."""


def checksums(root: Path, lineage: bool = True) -> dict[str, str]:
    """Return the checksum of every table by its name."""
    left_out = RUNTIME if lineage else RUNTIME | LINEAGE
    tables = sorted(_tables(root))
    assert any(name.startswith("gold.") for name in tables), f"{root}: no gold table; there is nothing to compare"
    return {name: _digest(_rows_of(root, name), left_out) for name in tables}


def differences(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """Say which tables differ, are missing, or are too many."""
    names = sorted({*expected, *found})
    return [f"{name} differs" for name in names if expected.get(name) != found.get(name)]


def _tables(root: Path) -> Iterator[str]:
    for layer in PUBLISHED:
        for log in (root / layer).glob("*/_delta_log"):
            yield f"{layer}.{log.parent.name}"
    for name in BOOKS:
        if (root / "ops" / name / "_delta_log").is_dir():
            yield f"ops.{name}"


def _rows_of(root: Path, name: str) -> Iterable[Row]:
    rows: list[Row] = DeltaTable(root / name.replace(".", "/")).to_pyarrow_table().to_pylist()
    if name == "ops.units":
        return _last_states(rows)
    return rows


def _last_states(rows: list[Row]) -> Iterator[Row]:
    """Return what holds of each unit: a run that was killed may have counted it before."""
    applied = {row["unit_id"] for row in rows if row["state"] == "applied"}
    seen = set()
    for row in rows:
        final = row["state"] == "applied" or row["unit_id"] not in applied
        key = (row["unit_id"], row["received_at"])
        if final and key not in seen:
            seen.add(key)
            yield row


def _digest(rows: Iterable[Row], left_out: set[str]) -> str:
    kept = ({name: value for name, value in row.items() if name not in left_out} for row in rows)
    lines = sorted(json.dumps(row, sort_keys=True, default=str) for row in kept)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
