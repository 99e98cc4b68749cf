"""Why a run starts: somebody says so, its trigger fires, another run asks for it, or a backfill comes to its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bundle_runner.bundle.references import time_facts


@dataclass(frozen=True)
class Occasion:
    """What started a run. Times are ISO 8601 in UTC.

    `kind` is Lakeflow's word for it, `at` when a trigger fired and `location` the folder in which files arrived.
    `backfill` is the id that the runs of a backfill share, `backfill_at` the moment that this one is for.
    """

    kind: str = "one_time"
    at: str | None = None
    location: str | None = None
    backfill: str | None = None
    backfill_at: str | None = None

    @property
    def inner(self) -> Occasion:
        """Return why a job begins that a task of this run runs; a backfill is about the same moment there."""
        return Occasion("run_job_task", backfill_at=self.backfill_at)

    def trigger_facts(self, started: datetime) -> dict[str, object]:
        """Return what `{{job.trigger.…}}` offers; the time of a schedule is rounded down to the minute."""
        moment = datetime.fromisoformat(self.at) if self.at else started
        moment = moment.replace(second=0, microsecond=0) if self.kind == "periodic" else moment
        return {"type": self.kind, "time": time_facts(moment), "file_arrival": {"location": self.location or ""}}

    @property
    def backfill_facts(self) -> dict[str, object]:
        """Return the root `{{backfill.…}}`; nothing where the run is no backfill."""
        return {"backfill": time_facts(datetime.fromisoformat(self.backfill_at))} if self.backfill_at else {}


BY_HAND = Occasion()
"""The run of somebody who asked for it."""
