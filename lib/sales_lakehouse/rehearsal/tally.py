"""Count records as they pass by; of those that would not reach silver, remember the first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.wording import counted

EXAMPLES = 10
"""How many records a verdict names; it counts all of them."""
_SHOWN = 200


@dataclass(frozen=True)
class Refusal:
    """A record that would not reach silver, and where in the file it stands.

    `kind` is refused when it could not be read, quarantined when a value or a rule speaks against it.
    """

    kind: str
    record_no: int
    byte_start: int
    byte_length: int
    reason: str


@dataclass
class Tally:
    """What passed by of one unit, however large it is.

    `broken` is why the unit as a whole would stand aside, `remark` which totals could not be compared, `stops` counts
    the kept records that break a rule which stops the gate.
    """

    source: SourceSpec
    found: int = 0
    refused: int = 0
    quarantined: int = 0
    broken: str | None = None
    remark: str | None = None
    examples: list[Refusal] = field(default_factory=list)
    stops: Counter[str] = field(default_factory=Counter)
    _beyond: set[str] = field(default_factory=set)
    _filled: set[str] = field(default_factory=set)

    def add(self, row: Mapping[str, Any], reason: str) -> None:
        """Count a record; an empty reason means that it is kept."""
        self.found += 1
        if row["_kind"] == "record":
            self._beyond |= set(json.loads(row["_extra"])) if row["_extra"] else set()
            self._filled |= {name for name in self.source.columns if row[name] is not None}
        if row["_kind"] == "quarantined":
            self.broken = reason
        self.refused += row["_kind"] == "refused"
        self.quarantined += bool(reason) and row["_kind"] != "refused"
        if reason and not self.broken and len(self.examples) < EXAMPLES:
            kind = "refused" if row["_kind"] == "refused" else "quarantined"
            self.examples.append(Refusal(kind, row["_record_no"], row["_byte_start"], row["_byte_length"], reason))

    def schema_in_words(self) -> str:
        """Say how the unit's columns are held against the agreed ones; nothing of a unit that stands aside."""
        if self.broken:
            return ""
        empty = [name for name in self.source.columns if name not in self._filled] if self._filled else []
        return (
            f"as agreed, {counted(len(self.source.columns), 'column')}"
            + (f"; beyond them {', '.join(sorted(self._beyond))[:_SHOWN]}, kept in _extra" if self._beyond else "")
            + (f"; without any value: {', '.join(empty)[:_SHOWN]}" if empty else "")
        )
