"""What a table's version holds, told by its log: two versions of the same files hold the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError


def same_state(folder: Path, version: int, other: int) -> bool:
    """Tell whether two versions hold the same rows under the same columns; not where one cannot be read any more."""
    try:
        return _state(folder, version) == _state(folder, other)
    except (DeltaError, OSError):
        return False


def _state(folder: Path, version: int) -> tuple[Any, ...]:
    table = DeltaTable(folder, version=version)
    adds = table.get_add_actions(flatten=True)
    files = sorted(zip(adds["path"].to_pylist(), adds["size_bytes"].to_pylist(), strict=True))
    protocol, metadata = table.protocol(), table.metadata()
    return files, table.schema().to_json(), metadata.id, metadata.configuration, protocol
