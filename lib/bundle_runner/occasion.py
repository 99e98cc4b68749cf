"""Why a run starts: somebody says so, its trigger fires, or a backfill comes to its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bundle_runner.references import time_facts


@dataclass(frozen=True)
class Occasion:
    """What started a run. Times are ISO 8601 in UTC.

    `kind` is Lakeflow's word for it, `at` when a trigger fired and `location` the folder in which files arrived.
    `backfill` is the id that the runs of a backfill share, `backfill_at` the date that this one is for.
    """

    kind: str = "one_time"
    at: str | None = None
    location: str | None = None
    backfill: str | None = None
    backfill_at: str | None = None

    @property
    def trigger_facts(self) -> dict[str, object]:
        """Return what `{{job.trigger.…}}` offers; Lakeflow rounds the time down to the minute."""
        moment = datetime.fromisoformat(self.at).replace(second=0, microsecond=0) if self.at else None
        return {
            "type": self.kind,
            **({"time": time_facts(moment)} if moment else {}),
            **({"file_arrival": {"location": self.location}} if self.location else {}),
        }

    @property
    def backfill_facts(self) -> dict[str, object]:
        """Return the root `{{backfill.…}}`, where there is one."""
        return {"backfill": time_facts(datetime.fromisoformat(self.backfill_at))} if self.backfill_at else {}


BY_HAND = Occasion()
