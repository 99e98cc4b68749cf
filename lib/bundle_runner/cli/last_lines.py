"""What is said of a run once it is over: the last lines on the screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bundle_runner.pages import INDEX
from bundle_runner.record.records import RunRecord, TaskRecord, beginning, seconds_between
from bundle_runner.states import CANCELS, FAILURES, ResultState


@dataclass(frozen=True)
class Commands:
    """How the run is run again, and how it is repaired."""

    again: str
    repair: str


def last_lines(record: RunRecord, folder: Path, commands: Commands) -> list[str]:
    """Return the verdict, what failed and what to do, the run id, the books and the report's path."""
    seconds = seconds_between(record.repaired_at or record.started_at, record.ended_at)
    return [
        "",
        f"{record.state}  {record.job} · target {record.target} · {seconds:.0f} s{_repaired(record)}",
        *(line for task in record.tasks for line in _failures(task, record, folder)),
        *_not_run(record),
        *([f"  {record.message}"] if record.message else []),
        *(f"  warning: {words}" for words in record.warnings),
        *_advice(record, commands),
        f"run     {record.run_id}",
        *(f"books   {line}" for line in record.books),
        f"report  {_place(folder, record.report or INDEX)}",
    ]


def _failures(task: TaskRecord, record: RunRecord, folder: Path) -> Iterator[str]:
    """Tell of a task that failed; of several iterations the first in full, for they mostly fail for one reason."""
    broken = [each for each in task.iterations or (task,) if each.state in FAILURES - {ResultState.UPSTREAM_FAILED}]
    for number, each in enumerate(broken):
        told = each.message.removeprefix(f"{each.task_key}: ")
        word = "stopped" if each.stopped else str(each.state).lower()
        yield f"  {each.task_key} {word}: {beginning(told) if number else told}"
        yield from _evidence(each, record, folder)


def _not_run(record: RunRecord) -> Iterator[str]:
    """Name the tasks that did nothing because others failed."""
    keys = [task.task_key for task in record.tasks if task.state is ResultState.UPSTREAM_FAILED]
    if keys:
        yield f"  not run because of it: {', '.join(keys)}"


def _evidence(task: TaskRecord, record: RunRecord, folder: Path) -> Iterator[str]:
    steps = task.values.get("next", [])
    yield from (f"    {step}" for step in (steps if isinstance(steps, list) else [steps]))
    last = task.attempts[-1] if task.attempts else None
    if last and last.html and last.html != record.report:
        yield f"    what it saw: {_place(folder, last.html)}"
    if last and last.log:
        yield f"    what it said: {_place(folder, last.log)}"


def _place(folder: Path, path: str) -> str:
    """Return where a page is; that of a run which this one ran lies beside this folder."""
    return os.path.normpath(folder / path)


def _repaired(record: RunRecord) -> str:
    return f" · repair {record.repair_count}" if record.repair_count else ""


def _advice(record: RunRecord, commands: Commands) -> Iterator[str]:
    """Say how to go on; where a gate stopped, what it judged must be made anew, which a repair would not."""
    if record.state in CANCELS:
        yield f"  to run it again: {commands.again}"
    elif record.state in FAILURES or record.state is ResultState.SUCCESS_WITH_FAILURES:
        yield f"  then run again: {commands.again}"
    if record.exit_code in (1, 130) and any(task.state is ResultState.SUCCESS for task in record.tasks):
        yield f"  or what failed only: {commands.repair}"
