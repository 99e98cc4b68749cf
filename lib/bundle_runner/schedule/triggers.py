"""What starts the jobs of a bundle on this machine, and when next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from bundle_runner.bundle.load import Bundle
from bundle_runner.errors import BundleError, ScheduleProblem
from bundle_runner.model import Job
from bundle_runner.model.trigger import FileArrival, TriggerSettings
from bundle_runner.schedule.quartz import Cron, read_cron, zone_named

UNITS = {"HOURS": timedelta(hours=1), "DAYS": timedelta(days=1), "WEEKS": timedelta(weeks=1)}


class Timed(Protocol):
    """A trigger that fires at times known before."""

    @property
    def words(self) -> str:
        """Say it as a person reads it; another text is another trigger."""

    @property
    def zone(self) -> tzinfo:
        """Return the zone in which its times are shown."""

    def after(self, moment: datetime) -> datetime | None:
        """Return when it fires next, in UTC."""


@dataclass(frozen=True)
class ByCron:
    """A Quartz expression in a time zone."""

    cron: Cron
    zone_name: str

    @property
    def words(self) -> str:
        """Say it as a person reads it."""
        return f"cron {self.cron.text} in {self.zone_name}"

    @property
    def zone(self) -> tzinfo:
        """Return the zone of its expression."""
        return zone_named(self.zone_name)

    def after(self, moment: datetime) -> datetime | None:
        """Return when it fires next, in UTC."""
        return self.cron.after(moment, self.zone)


@dataclass(frozen=True)
class ByPeriod:
    """The same time again and again, counted from the last fire time, at first from when it was first seen."""

    every: timedelta
    zone: tzinfo = UTC

    @property
    def words(self) -> str:
        """Say it as a person reads it."""
        hours = self.every // timedelta(hours=1)
        number, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
        return f"every {unit}" if number == 1 else f"every {number} {unit}s"

    def after(self, moment: datetime) -> datetime:
        """Return when it fires next, in UTC."""
        return moment + self.every


@dataclass(frozen=True)
class ByFiles:
    """New files in a folder or below it."""

    folder: Path
    location: str
    between: timedelta
    quiet: timedelta

    @property
    def words(self) -> str:
        """Say it as a person reads it."""
        return f"new files in {self.folder}"


@dataclass(frozen=True)
class Always:
    """The next run as soon as the last one has ended."""

    words: str = "continuous"


Trigger = Timed | ByFiles | Always


@dataclass(frozen=True)
class Scheduled:
    """A job with what starts it."""

    key: str
    job: Job
    trigger: Trigger
    paused: bool


@dataclass(frozen=True)
class Timetable:
    """The jobs that something starts; `unread` says of each other one why nothing can."""

    jobs: tuple[Scheduled, ...]
    unread: tuple[str, ...]


def read_timetable(bundle: Bundle) -> Timetable:
    """Read what starts the jobs of a bundle; a job that cannot be read keeps none of the others from their times."""
    jobs, unread = [], []
    for key in bundle.job_keys:
        try:
            job = bundle.job(key)
            trigger = trigger_of(job)
        except BundleError as error:
            unread.append(f"job {key}: {error}")
        else:
            if trigger:
                jobs.append(Scheduled(key, job, trigger, is_paused(bundle, job)))
    return Timetable(tuple(jobs), tuple(unread))


def trigger_of(job: Job) -> Trigger | None:
    """Return what starts a job, None when only a person or another job does.

    Raises: ScheduleProblem for what cannot be understood, or means something in a workspace only.
    """
    starts = [name for name in ("schedule", "trigger", "continuous") if getattr(job, name) is not None]
    if len(starts) > 1:
        raise ScheduleProblem(f"it has {' and '.join(starts)}; keep one")
    if job.schedule:
        zone_named(job.schedule.timezone_id)
        return ByCron(read_cron(job.schedule.quartz_cron_expression), job.schedule.timezone_id)
    if job.continuous:
        return Always()
    return _of_settings(job.trigger) if job.trigger else None


def _of_settings(settings: TriggerSettings) -> Trigger:
    kinds = [name for name in TriggerSettings.model_fields if name != "pause_status" and getattr(settings, name)]
    if len(kinds) != 1:
        raise ScheduleProblem(f"a trigger is one of periodic and file_arrival, got {' and '.join(kinds) or 'none'}")
    if settings.periodic:
        return ByPeriod(settings.periodic.interval * UNITS[settings.periodic.unit])
    if settings.file_arrival:
        return _by_files(settings.file_arrival)
    raise ScheduleProblem(f"trigger {kinds[0]} watches a workspace and cannot be watched from this machine")


def _by_files(arrival: FileArrival) -> ByFiles:
    folder = arrival.url.removeprefix("file://")
    if not folder.startswith("/") or folder.startswith(("/Volumes", "/Workspace")):
        raise ScheduleProblem(
            f"file_arrival looks at {arrival.url}, which is no folder of this machine; write a path, or the variable "
            "of one, that the target sets"
        )
    between = timedelta(seconds=arrival.min_time_between_triggers_seconds)
    return ByFiles(Path(folder), arrival.url, between, timedelta(seconds=arrival.wait_after_last_change_seconds))


def is_paused(bundle: Bundle, job: Job) -> bool:
    """Tell whether the trigger is off: by its own word, else by the target's, else where that is for development."""
    start = job.schedule or job.trigger or job.continuous
    said = start.pause_status if start else None
    presets = bundle.tree.get("presets") or {}
    said = said or presets.get("trigger_pause_status") or ("PAUSED" if bundle.mode == "development" else "UNPAUSED")
    return bool(said == "PAUSED")
