"""What one landing step brought."""

from __future__ import annotations

from dataclasses import dataclass

from sales_lakehouse.landing.store import Manifest


@dataclass(frozen=True)
class Landed:
    """The new units, and how many were seen before."""

    new: list[Manifest]
    seen: int

    def as_rows(self) -> list[dict[str, object]]:
        """Return one row per new unit, for display."""
        return [
            {"name": m.name, "unit": m.unit_id[:12], "bytes": m.size_bytes, "corrects": (m.corrects or "")[:12]}
            for m in self.new
        ]
