"""What breaks a table's chain of versions, and what to do about it, in words."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

from sales_lakehouse.ledger.log import folder_of

SHOWN = 3


@dataclass(frozen=True)
class ForeignCommit:
    """A break of a table's chain: a commit that is not ours, or an entry of its log that is not what it was.

    `good` is the last version before it that is known to be right, -1 where there is none; `ours_after` tells that
    commits of ours follow, which a return to `good` would take away.
    """

    table: str
    version: int
    operation: str
    at: str = ""
    engine: str = ""
    good: int = -1
    ours_after: bool = False

    @property
    def is_commit(self) -> bool:
        """Tell a commit of somebody else from a log that has lost something."""
        return bool(self.engine)

    def in_words(self) -> str:
        """Say what was found, on one line."""
        made = f" by {self.engine} at {self.at}" if self.engine else ""
        return f"{self.table}, version {self.version}: {self.operation}{made}"


@dataclass(frozen=True)
class Answer:
    """Who accepts a break, when and why."""

    accepted_by: str
    accepted_at: str
    because: str


def explain_foreign(found: list[ForeignCommit], root: str) -> str:
    """Say what breaks the chain, what happened to the data, and both ways out as commands that can be pasted."""
    first = found[0]
    shown = "; ".join(one.in_words() for one in found[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return (
        f"{shown}{more}: not what a run of this project left. Nothing was read from the published tables and nothing "
        "was written; what has landed waits. `lakehouse books --deep` shows what differs. "
        f"{_way_back(first, root)}or answer for it: `lakehouse books --accept {first.table}:{first.version} "
        '--because "..."`; then `lakehouse run sales_daily`.'
    )


def _way_back(first: ForeignCommit, root: str) -> str:
    if not first.is_commit or first.good < 0:
        return "Bring the table's folder back from a copy, "
    if first.ours_after:
        return "Commits of ours follow, so no older version is whole: find out what it changed, "
    folder = json.dumps(str(folder_of(Path(root), first.table)))
    code = f"from deltalake import DeltaTable; DeltaTable({folder}).restore({first.good})"
    return f"Take the table back to version {first.good}: `.venv/bin/python -c {shlex.quote(code)}`, "
