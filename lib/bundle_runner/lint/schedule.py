"""Rules on when a job runs, and on what a target adds to that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import available_timezones

from bundle_runner.bundle.located import Map
from bundle_runner.errors import ScheduleProblem, did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, a_text, members
from bundle_runner.lint.reading import JobView, ReadBundle
from bundle_runner.schedule.quartz import problem, zone_named

ZONE = error(
    "B501",
    "A time zone does not exist",
    "The workspace refuses the schedule.",
    "timezone_id: Europe/Londn",
    "timezone_id: Europe/London",
)
CRON = error(
    "B502",
    "A cron expression is not Quartz's",
    "Quartz has six or seven fields, the first are seconds, and `?` stands for one of the two days.",
    'quartz_cron_expression: "30 5 * * *"',
    'quartz_cron_expression: "0 30 5 * * ?"',
)
TWO_STARTS = error(
    "B503",
    "A job is started in two ways",
    "A job has one of schedule, trigger and continuous; the workspace refuses it.",
    "schedule: {…} and trigger: {…}",
    "schedule: {…}",
)
PAUSED = warning(
    "B504",
    "pause_status stands in the job",
    "A target with mode: development pauses only where the job leaves it unset: this one would run for everybody.",
    "schedule: {…, pause_status: UNPAUSED}",
    "presets: {trigger_pause_status: …} in the target, or nothing",
)
NEVER = warning(
    "B505",
    "max_concurrent_runs is 0",
    "Every run is skipped.",
    "max_concurrent_runs: 0",
    "max_concurrent_runs: 1",
)
TRIGGER = error(
    "B506",
    "A trigger names none or several of its kinds",
    "A trigger is periodic, file_arrival or table_update; the workspace refuses it.",
    "trigger: {periodic: {…}, file_arrival: {…}}",
    "trigger: {periodic: {…}}",
)
NO_PLACE = error(
    "B507",
    "A trigger watches a place that it cannot",
    "file_arrival knows volumes and external locations only; the workspace refuses a mount or a folder.",
    "file_arrival: {url: /mnt/inbox/}",
    "file_arrival: {url: /Volumes/main/default/inbox/}",
)
STARTS = ("schedule", "trigger", "continuous")
TRIGGERS = ("periodic", "file_arrival", "table_update", "table", "model")


def check_schedules(bundle: ReadBundle) -> Iterator[Finding]:
    """Check when every job runs, as each target sees it."""
    for view in bundle.views:
        for job in view.jobs:
            for rule in (_zone, _cron, _starts, _place, _never):
                yield from rule(job)
    for file in bundle.files:
        for name, job, _ in members(a_map(file.tree.get("resources")).get("jobs")):
            yield from _paused(name, a_map(job))


def _zone(job: JobView) -> Iterator[Finding]:
    schedule = a_map(job.body.get("schedule"))
    name = a_text(schedule.get("timezone_id"))
    try:
        zone_named(name or "UTC")
    except ScheduleProblem:
        close = did_you_mean(str(name), available_timezones())
        hint = close if close.startswith("; did") else "; say it as in Europe/London"
        yield ZONE.at(schedule.where["timezone_id"], f"job {job.key}: there is no time zone {name!r}{hint}")


def _cron(job: JobView) -> Iterator[Finding]:
    schedule = a_map(job.body.get("schedule"))
    text = a_text(schedule.get("quartz_cron_expression"))
    said = problem(text) if text is not None else None
    if said:
        yield CRON.at(schedule.where["quartz_cron_expression"], f"job {job.key}: cron {text!r}: {said}")


def _starts(job: JobView) -> Iterator[Finding]:
    starts = [name for name in STARTS if job.body.get(name)]
    if len(starts) > 1:
        yield TWO_STARTS.at(job.place(starts[1]), f"job {job.key} has {' and '.join(starts)}; keep one")
    trigger = job.body.get("trigger")
    kinds = [name for name in TRIGGERS if a_map(trigger).get(name)]
    strange = set(a_map(trigger)) - {*TRIGGERS, "pause_status"}  # B101 tells of these, and none is why none is left
    if isinstance(trigger, Map) and len(kinds) != 1 and (kinds or not strange):
        got = " and ".join(kinds) or "none"
        yield TRIGGER.at(
            job.place("trigger"), f"job {job.key}: a trigger is one of {', '.join(TRIGGERS[:3])}, got {got}"
        )


def _place(job: JobView) -> Iterator[Finding]:
    watched = a_map(a_map(job.body.get("trigger")).get("file_arrival"))
    url = a_text(watched.get("url"))
    if url and not re.match(r"/Volumes/[^/]+/[^/]+/[^/]|(?!dbfs:|file:)[a-z]\w*://", url):
        yield NO_PLACE.at(
            watched.where["url"], f"job {job.key}: a trigger watches a volume or an external location, got {url!r}"
        )


def _never(job: JobView) -> Iterator[Finding]:
    if a_text(job.body.get("max_concurrent_runs")) == "0":
        yield NEVER.at(
            job.place("max_concurrent_runs"), f"job {job.key}: with max_concurrent_runs 0 every run is skipped"
        )


def _paused(name: str, job: Map) -> Iterator[Finding]:
    for start in STARTS:
        body = a_map(job.get(start))
        if a_text(body.get("pause_status")) is not None:
            yield PAUSED.at(
                body.where["pause_status"],
                f"job {name}: pause_status here holds in every target, also in development; leave it to the targets",
            )
