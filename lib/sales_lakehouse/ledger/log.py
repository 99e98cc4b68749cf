"""A table's Delta log as files: which versions are there, and what a commit says of itself."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sales_lakehouse.signature import is_ours

LAYERS = ("bronze", "silver", "gold", "quarantine", "ops")
"""The layers whose tables are published; candidates belong to one run."""
_ENTRY = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")


def find_tables(root: Path) -> list[str]:
    """Return the published tables of a lakehouse, as `layer.table`."""
    logs = (log for layer in LAYERS for log in sorted((root / layer).glob("*/_delta_log")))
    return [f"{log.parent.parent.name}.{log.parent.name}" for log in logs]


def folder_of(root: Path, table: str) -> Path:
    """Return the folder of a table."""
    return root / table.replace(".", "/")


@dataclass(frozen=True)
class Commit:
    """What one commit says of itself."""

    version: int
    operation: str
    at: str
    engine: str
    ours: bool


@dataclass(frozen=True)
class Log:
    """The log of one table; a table without a log has no versions."""

    folder: Path

    @cached_property
    def _names(self) -> list[str]:
        log = self.folder / "_delta_log"
        return sorted(path.name for path in log.iterdir()) if log.is_dir() else []

    @cached_property
    def versions(self) -> list[int]:
        """Return the versions whose entries are there, ascending."""
        return [int(found[1]) for name in self._names if (found := _ENTRY.fullmatch(name))]

    @property
    def latest(self) -> int:
        """Return the newest version; -1 where there is none."""
        return self.versions[-1] if self.versions else -1

    @cached_property
    def checkpoint(self) -> int:
        """Return the version of the newest checkpoint: no reader needs an older entry. -1 where there is none."""
        found = (_CHECKPOINT.fullmatch(name) for name in self._names)
        return max((int(match[1]) for match in found if match), default=-1)

    def digest(self, version: int) -> str:
        """Return the sha256 of a version's entry."""
        return hashlib.sha256(self._entry(version).read_bytes()).hexdigest()

    def commit(self, version: int) -> Commit:
        """Read what a commit says of itself."""
        said = self._said(version)
        told_at = said.get("timestamp")
        at = datetime.fromtimestamp(told_at / 1000, UTC).isoformat(timespec="seconds") if told_at else "an unknown time"
        engine = said.get("engineInfo") or said.get("clientVersion") or "an unknown program"
        return Commit(version, said.get("operation", "unnamed change"), at, engine, is_ours(said.get("userMetadata")))

    def _said(self, version: int) -> dict[str, Any]:
        with self._entry(version).open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith('{"commitInfo"'):
                    found: dict[str, Any] = json.loads(line)["commitInfo"]
                    return found
        return {}

    def _entry(self, version: int) -> Path:
        return self.folder / "_delta_log" / f"{version:020}.json"
