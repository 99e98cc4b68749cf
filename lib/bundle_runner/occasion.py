"""Why a run begins: what started it, for which moment, and which run it goes on with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bundle_runner.record import RunRecord, written
from bundle_runner.references import time_facts


class Trigger(StrEnum):
    """What starts a run, in the words of Lakeflow; `periodic` is a cron schedule, too."""

    ONE_TIME = "one_time"
    PERIODIC = "periodic"
    RUN_JOB_TASK = "run_job_task"
    FILE_ARRIVAL = "file_arrival"
    CONTINUOUS = "continuous"
    TABLE = "table"


@dataclass(frozen=True)
class Occasion:
    """What started a run and when it was due, the place whose files did, the moment that a backfill is about.

    `earlier` is the run that is repaired; it keeps its own occasion.
    """

    trigger: Trigger = Trigger.ONE_TIME
    due: datetime | None = None
    location: str = ""
    backfill_at: datetime | None = None
    earlier: RunRecord | None = None

    @classmethod
    def of_repair(cls, earlier: RunRecord) -> Occasion:
        """Return the occasion of a run, for its repair."""
        told = earlier.occasion
        due, backfill_at = (told.get(name) for name in ("due", "backfill_at"))
        return cls(
            Trigger(told.get("trigger", Trigger.ONE_TIME)),
            datetime.fromisoformat(due) if due else None,
            told.get("location", ""),
            datetime.fromisoformat(backfill_at) if backfill_at else None,
            earlier,
        )

    @property
    def inner(self) -> Occasion:
        """Return why a job begins that a task of this run runs; a backfill is about the same moment there."""
        return Occasion(Trigger.RUN_JOB_TASK, backfill_at=self.backfill_at)

    @property
    def told(self) -> dict[str, str]:
        """Return it as run.json keeps it."""
        moments = {"due": self.due, "backfill_at": self.backfill_at}
        kept = {name: written(moment) for name, moment in moments.items() if moment}
        return {"trigger": self.trigger.value, **kept, **({"location": self.location} if self.location else {})}

    def trigger_facts(self, started: datetime) -> dict[str, object]:
        """Return what `{{job.trigger.…}}` offers; a schedule's moment is a whole minute."""
        due = self.due or started
        due = due.replace(second=0, microsecond=0) if self.trigger is Trigger.PERIODIC else due
        return {"type": self.trigger.value, "time": time_facts(due), "file_arrival": {"location": self.location}}

    @property
    def backfill_facts(self) -> dict[str, object]:
        """Return the namespace `backfill`; nothing where the run is no backfill."""
        return {"backfill": time_facts(self.backfill_at)} if self.backfill_at else {}


BY_HAND = Occasion()
