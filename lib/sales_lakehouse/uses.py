"""Which versions of tables a step read, and which it left: what its run's page and lineage tell."""

from __future__ import annotations

import re
from pathlib import Path

_ENTRY = re.compile(r"(\d{20})\.json")
Value = dict[str, str | int | None]


class TableUses:
    """Notes of one step. A table that the step wrote before it read it is no input of the step."""

    def __init__(self) -> None:
        self._read: dict[str, int | None] = {}
        self._written: dict[str, str] = {}

    def note_read(self, name: str, folder: str) -> None:
        """Note that a table is read as it now is; the first reading counts."""
        if name not in self._written:
            self._read.setdefault(name, newest_version(folder))

    def note_write(self, name: str, folder: str) -> None:
        """Note that a table is written."""
        self._written[name] = folder

    def as_values(self) -> list[Value]:
        """Return the task value `tables`. Grain: one per table, with the version read and the last one written."""
        written = {name: newest_version(folder) for name, folder in self._written.items()}
        names = sorted({*self._read, *written})
        return [{"table": name, "read": self._read.get(name), "written": written.get(name)} for name in names]


def newest_version(folder: str) -> int | None:
    """Return the number of a table's last commit, from the names in its log.

    Nulls: None where there is no log in a folder of this machine; Spark would tell, in half a second a table.
    """
    log = Path(folder) / "_delta_log"
    if not log.is_dir():
        return None
    found = (_ENTRY.fullmatch(path.name) for path in log.iterdir())
    return max((int(match[1]) for match in found if match), default=None)
