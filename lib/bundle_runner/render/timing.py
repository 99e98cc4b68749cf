"""When a DAG starts: a schedule in its time zone, a period, without a pause, or only by hand."""

from __future__ import annotations

from dataclasses import dataclass

from bundle_runner.model import Job
from bundle_runner.render.cron import to_cron
from bundle_runner.render.source import literal

HOURS = {"HOURS": 1, "DAYS": 24, "WEEKS": 168}


@dataclass(frozen=True)
class Timing:
    """The schedule as Python, and what of it got lost; `field` names where it stands in the job."""

    schedule: str = "None"
    zone: str = "UTC"
    paused: bool = False
    lost: tuple[str, ...] = ()
    field: str = "schedule"


def timing(job: Job) -> Timing:
    """Read when a job starts by itself."""
    if job.schedule:
        cron = to_cron(job.schedule.quartz_cron_expression)
        lost = cron.lost if cron.expression else (f"not carried over: {cron.lost[0]}; the DAG has no schedule",)
        return Timing(literal(cron.expression), job.schedule.timezone_id, lost=lost)
    if job.continuous is not None:
        return Timing(literal("@continuous"))
    if job.trigger and job.trigger.periodic:
        hours = job.trigger.periodic.interval * HOURS[job.trigger.periodic.unit]
        return Timing(f"timedelta(hours={hours})")
    return Timing()
