"""What one landing step brought."""

from __future__ import annotations

from dataclasses import dataclass

from sales_lakehouse.landing.store import Manifest
from sales_lakehouse.wording import counted


@dataclass(frozen=True)
class Landed:
    """The new units, and how many were seen before; `remark` says what nothing proved of the reading of an API."""

    new: list[Manifest]
    seen: int
    remark: str = ""

    def in_words(self) -> str:
        """Say how much is new."""
        remark = f"; {self.remark}" if self.remark else ""
        return f"{counted(len(self.new), 'new unit')}, {self.seen:,} seen before{remark}"

    def as_rows(self) -> list[dict[str, object]]:
        """Return one row per new unit, for display."""
        return [
            {"name": m.name, "unit": m.unit_id[:12], "bytes": m.size_bytes, "corrects": (m.corrects or "")[:12]}
            for m in self.new
        ]
