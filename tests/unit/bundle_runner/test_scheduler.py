"""The scheduler on a clock of the test: hours pass in no time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bundle_runner.errors import BusyError
from bundle_runner.model import Job
from bundle_runner.record.occasion import Occasion
from bundle_runner.run.turns import hold
from bundle_runner.schedule.scheduler import Scheduler
from bundle_runner.schedule.triggers import Scheduled, trigger_of

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURLY = {"schedule": {"quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC"}}
TASK = {"task_key": "a", "notebook_task": {"notebook_path": "/a.ipynb"}}


@dataclass
class Run:
    """A run that takes a time of the test's clock."""

    world: World
    ends: datetime
    code: int

    def exit_code(self) -> int | None:
        return self.code if self.world.now() >= self.ends else None

    def interrupt(self) -> None:
        self.ends, self.code = self.world.now() + timedelta(seconds=5), 130


@dataclass
class World:
    """A clock that the test moves, runs that take `takes` of it, and what was said."""

    folder: Path
    moment: datetime = START
    takes: timedelta = timedelta(minutes=1)
    codes: Iterator[int] = field(default_factory=lambda: iter(lambda: 0, 1))
    started: list[tuple[datetime, Occasion]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def wait(self, span: timedelta) -> None:
        self.moment += span

    def launch(self, key: str, occasion: Occasion) -> Run:
        assert key == "main"
        self.started.append((self.moment, occasion))
        return Run(self, self.moment + self.takes, next(self.codes))

    def say(self, key: str, words: str) -> None:
        assert key == "main"
        self.said.append(words)

    def scheduler(self, **body: Any) -> Scheduler:
        job = Job.model_validate({"tasks": [TASK], **body})
        trigger = trigger_of(job)
        assert trigger
        jobs = [Scheduled("main", job, trigger, paused=False)]
        return Scheduler(jobs, self.folder / "s.json", self.launch, self, self.say)

    def go(self, span: timedelta, **body: Any) -> None:
        until = self.moment + span
        self.scheduler(**body).run(lambda: self.moment >= until)

    @property
    def starts(self) -> list[str]:
        return [f"{moment:%a %H:%M:%S}" for moment, _ in self.started]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give a world at noon of a Monday."""
    return World(tmp_path)


def test_a_job_runs_at_its_times_and_says_the_next(world: World) -> None:
    world.go(timedelta(hours=2, minutes=30), **HOURLY)
    assert world.starts == ["Mon 13:00:00", "Mon 14:00:00"]
    assert world.started[0][1] == Occasion("periodic", at="2026-03-02T13:00:00.000Z")
    assert world.said == [
        "next Mon 2026-03-02 13:00:00 UTC, in 1 h",
        "started (periodic)",
        "ended after 1 min with exit code 0: success",
        "next Mon 2026-03-02 14:00:00 UTC, in 59 min",
        "started (periodic)",
        "ended after 1 min with exit code 0: success",
        "next Mon 2026-03-02 15:00:00 UTC, in 59 min",
    ]


def test_fire_times_that_were_missed_run_once_and_are_said(world: World) -> None:
    world.go(timedelta(minutes=10), **HOURLY)
    world.moment += timedelta(hours=5)
    world.go(timedelta(minutes=10), **HOURLY)
    assert world.starts == ["Mon 17:10:00"]
    assert world.started[0][1].at == "2026-03-02T17:00:00.000Z"
    assert "5 fire times were missed since Mon 2026-03-02 13:00:00 UTC; it runs once for all" in world.said


def test_another_schedule_misses_nothing(world: World) -> None:
    world.go(timedelta(minutes=10), **HOURLY)
    world.moment += timedelta(hours=5)
    other = {"schedule": {"quartz_cron_expression": "0 30 * * * ?", "timezone_id": "UTC"}}
    world.go(timedelta(minutes=10), **other)
    assert world.starts == []


def test_a_schedule_of_seconds_after_years_is_told_at_once(world: World) -> None:
    every_second = {"schedule": {"quartz_cron_expression": "* * * * * ?", "timezone_id": "UTC"}}
    world.go(timedelta(seconds=1), **every_second)
    world.moment += timedelta(days=700)
    world.started.clear()
    world.go(timedelta(seconds=1), **every_second)
    assert len(world.started) == 1
    assert any(words.startswith("1,000 or more fire times were missed since") for words in world.said)


def test_a_run_that_may_not_begin_is_skipped_and_said(world: World) -> None:
    world.takes = timedelta(minutes=90)
    world.go(timedelta(hours=3, minutes=5), **HOURLY)
    assert world.starts == ["Mon 13:00:00", "Mon 15:00:00"]
    assert "skipped: 1 runs go on (max_concurrent_runs)" in world.said


def test_a_run_waits_for_its_turn_where_the_job_queues(world: World) -> None:
    world.takes = timedelta(minutes=90)
    world.go(timedelta(hours=4), **HOURLY, queue={"enabled": True})
    assert world.starts == ["Mon 13:00:00", "Mon 14:30:00"]
    assert "waits for its turn (queue)" in world.said
    assert world.said[-2:] == ["1 runs waited for their turn and are not run", "is canceled"]


def test_as_many_runs_go_on_as_the_job_allows(world: World) -> None:
    world.takes = timedelta(minutes=150)
    world.go(timedelta(hours=3, minutes=5), **HOURLY, max_concurrent_runs=2)
    assert world.starts == ["Mon 13:00:00", "Mon 14:00:00"]


def test_a_period_counts_from_when_it_was_first_seen_also_over_a_restart(world: World) -> None:
    period = {"trigger": {"periodic": {"interval": 2, "unit": "HOURS"}}}
    world.go(timedelta(minutes=90), **period)
    world.go(timedelta(hours=3), **period)
    assert world.starts == ["Mon 14:00:00", "Mon 16:00:00"]


def test_the_end_cancels_what_goes_on_and_waits_for_it(world: World) -> None:
    world.takes = timedelta(hours=9)
    world.go(timedelta(hours=1, minutes=1), **HOURLY)
    assert world.said[-1] == "is canceled"
    assert f"{world.moment:%H:%M:%S}" == "13:01:05"


def test_a_continuous_job_begins_anew_and_waits_longer_after_each_failure(world: World) -> None:
    world.codes = iter([0, 1, 1, 1, 0, 0])
    world.go(timedelta(minutes=6, seconds=20), continuous={"pause_status": "UNPAUSED"})
    assert world.starts == [
        "Mon 12:00:00", "Mon 12:01:00", "Mon 12:02:10", "Mon 12:03:30", "Mon 12:05:10", "Mon 12:06:10",
    ]  # fmt: skip
    assert "next in 40 s, after 3 failures in a row" in world.said


def files(folder: Path, between: int = 0, quiet: int = 0) -> dict[str, Any]:
    arrival = {
        "url": str(folder),
        "min_time_between_triggers_seconds": between,
        "wait_after_last_change_seconds": quiet,
    }
    return {"trigger": {"file_arrival": arrival}}


def test_only_files_that_were_not_there_before_start_a_run(world: World) -> None:
    inbox = world.folder / "in"
    (inbox / "deep").mkdir(parents=True)
    (inbox / "old.csv").write_text("a")
    scheduler = world.scheduler(**files(inbox))
    scheduler.turn()
    (inbox / "old.csv").write_text("another text")
    scheduler.turn()
    assert world.started == []
    (inbox / "deep" / "new.csv").write_text("b")
    scheduler.turn()
    scheduler.turn()
    (occasion,) = [occasion for _, occasion in world.started]
    assert (occasion.kind, occasion.location) == ("file_arrival", str(inbox))
    assert "1 files arrived: deep/new.csv" in world.said


def test_files_that_arrived_while_nobody_watched_are_found(world: World) -> None:
    inbox = world.folder / "in"
    inbox.mkdir()
    world.go(timedelta(seconds=5), **files(inbox))
    (inbox / "new.csv").write_text("b")
    world.go(timedelta(seconds=5), **files(inbox))
    assert len(world.started) == 1
    world.go(timedelta(minutes=5), **files(inbox))
    assert len(world.started) == 1


def test_a_run_waits_until_files_keep_still(world: World) -> None:
    inbox = world.folder / "in"
    inbox.mkdir()
    scheduler = world.scheduler(**files(inbox, quiet=60))
    scheduler.turn()
    for size in range(3):
        (inbox / "growing.csv").write_text("x" * (size + 1))
        scheduler.turn()
        world.wait(timedelta(seconds=40))
    scheduler.turn()
    assert world.started == []
    world.wait(timedelta(seconds=21))
    scheduler.turn()
    assert world.starts == ["Mon 12:02:21"]


def test_arrivals_keep_their_distance(world: World) -> None:
    inbox = world.folder / "in"
    inbox.mkdir()
    world.takes = timedelta()
    scheduler = world.scheduler(**files(inbox, between=300))
    scheduler.turn()
    for minute in range(12):
        (inbox / f"{minute}.csv").write_text("x")
        world.wait(timedelta(minutes=1))
        scheduler.turn()
    assert world.starts == ["Mon 12:01:00", "Mon 12:06:00", "Mon 12:11:00"]


def test_a_folder_that_is_not_there_yet_is_said_and_awaited(world: World) -> None:
    inbox = world.folder / "in"
    scheduler = world.scheduler(**files(inbox))
    scheduler.turn()
    assert scheduler.places["main"].watch.next_words(START).endswith("in, which is not there yet")
    inbox.mkdir()
    (inbox / "a.csv").write_text("x")
    scheduler.turn()
    assert len(world.started) == 1


def test_a_broken_state_file_is_none(world: World) -> None:
    (world.folder / "s.json").write_text('{"main": [1]}')
    world.go(timedelta(minutes=61), **HOURLY)
    assert world.starts == ["Mon 13:00:00"]


def test_only_one_schedule_goes_on_in_a_folder(tmp_path: Path) -> None:
    refused = pytest.raises(BusyError, match=r"another lakehouse schedule goes on in .*; nothing was started")
    with hold(tmp_path, "schedule"), refused:
        hold(tmp_path, "schedule").__enter__()
    with hold(tmp_path, "schedule"):
        pass
