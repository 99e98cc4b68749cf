"""What starts a job: read from the job file, with what the target says of pausing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.schedule.triggers import Scheduled, Timed, Timetable, read_timetable
from tests.unit.bundle_runner.bundle_folder import write

TASKS = "tasks: [{task_key: a, notebook_task: {notebook_path: ./a.ipynb}}]"
NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)


def timetable(folder: Path, start: str, target: str = "", name: str | None = None) -> Timetable:
    write(
        folder,
        databricks=f"""
        targets: {{local: {{default: true}}, other: {{{target}}}}}
        resources: {{jobs: {{main: {{{start}, {TASKS}}}, alone: {{{TASKS}}}}}}}
        """,
    )
    return read_timetable(load_bundle(folder, name))


def scheduled(folder: Path, start: str, target: str = "", name: str | None = None) -> tuple[Scheduled, ...]:
    return timetable(folder, start, target, name).jobs


SCHEDULE = "schedule: {quartz_cron_expression: '0 30 1 * * ?', timezone_id: Europe/London}"
STARTS = {
    SCHEDULE: "cron 0 30 1 * * ? in Europe/London",
    "trigger: {periodic: {interval: 2, unit: DAYS}}": "every 2 days",
    "trigger: {periodic: {interval: 1, unit: HOURS}}": "every hour",
    "trigger: {file_arrival: {url: '${workspace.file_path}/in'}}": "new files in FOLDER/in",
    "continuous: {pause_status: UNPAUSED}": "continuous",
}


@pytest.mark.parametrize(("start", "words"), STARTS.items(), ids=STARTS.values())
def test_a_job_is_started_by_what_its_file_says(tmp_path: Path, start: str, words: str) -> None:
    (job,) = scheduled(tmp_path, start)
    assert (job.key, job.paused) == ("main", False)
    assert job.trigger.words.replace(str(tmp_path), "FOLDER") == words


def test_a_schedule_keeps_to_its_zone_over_the_change_of_clocks(tmp_path: Path) -> None:
    (job,) = scheduled(tmp_path, SCHEDULE)
    trigger: Timed = job.trigger  # type: ignore[assignment]
    assert str(trigger.after(NOON)) == "2026-03-30 00:30:00+00:00"


PAUSED = {
    "nothing said": ("", "", False),
    "the job says so": (", pause_status: PAUSED", "", True),
    "a target for development": ("", "mode: development", True),
    "a target that pauses": ("", "presets: {trigger_pause_status: PAUSED}", True),
    "the job's word against development": (", pause_status: UNPAUSED", "mode: development", False),
    "the target's word against development": (
        "",
        "mode: development, presets: {trigger_pause_status: UNPAUSED}",
        False,
    ),
}


@pytest.mark.parametrize(("said", "target", "paused"), PAUSED.values(), ids=PAUSED)
def test_a_trigger_is_paused_by_its_own_word_else_by_the_target(
    tmp_path: Path, said: str, target: str, paused: bool
) -> None:
    (job,) = scheduled(tmp_path, f"trigger: {{periodic: {{interval: 1, unit: HOURS}}{said}}}", target, "other")
    assert job.paused is paused


REFUSED = {
    "schedule: {quartz_cron_expression: '30 5 * * *', timezone_id: UTC}": "Unix cron has five fields",
    "schedule: {quartz_cron_expression: '0 0 5 * * ?', timezone_id: Mars}": "there is no time zone 'Mars'",
    "trigger: {file_arrival: {url: 's3://bucket/in'}}": "s3://bucket/in, which is no folder of this machine",
    "trigger: {file_arrival: {url: /Volumes/a/b/c}}": "which is no folder of this machine",
    "trigger: {table_update: {table_names: [a.b.c]}}": "trigger table_update watches a workspace",
    "trigger: {pause_status: PAUSED}": "one of periodic and file_arrival, got none",
    "trigger: {periodic: {interval: 1, unit: DAYS}}, continuous: {}": "it has trigger and continuous; keep one",
}


@pytest.mark.parametrize(("start", "why"), REFUSED.items(), ids=REFUSED.values())
def test_a_trigger_that_is_none_here_is_named_with_its_job(tmp_path: Path, start: str, why: str) -> None:
    (words,) = timetable(tmp_path, start).unread
    assert words.startswith("job main: ")
    assert why in words


def test_a_job_that_cannot_be_read_keeps_no_other_from_its_times(tmp_path: Path) -> None:
    write(
        tmp_path,
        databricks=f"""
        targets: {{local: {{default: true}}}}
        resources:
          jobs:
            broken: {{{SCHEDULE}, tasks: [{{task_key: a, notbook_task: {{notebook_path: ./a.ipynb}}}}]}}
            main: {{{SCHEDULE}, {TASKS}}}
        """,
    )
    found = read_timetable(load_bundle(tmp_path))
    assert [job.key for job in found.jobs] == ["main"]
    assert len(found.unread) == 1
    assert "notbook_task is not a known field; did you mean notebook_task?" in found.unread[0]
