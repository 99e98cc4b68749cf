"""Runs whose runner died: they get the result that nobody was left to write.

A run without a result whose folder nobody keeps locked is one: a killed runner, a power cut, a second Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bundle_runner.errors import UsageError
from bundle_runner.record.records import (
    FILE,
    AttemptRecord,
    RunRecord,
    TaskRecord,
    keep,
    read_record,
    write_record,
    written,
)
from bundle_runner.states import ResultState

WORDS = "interrupted (INTERNAL_ERROR): the runner died"
NOT_RUN = "not run: the run was interrupted"


def close_interrupted(runs: Path, publish: Callable[[RunRecord, Path], None]) -> list[RunRecord]:
    """Give every interrupted run of a folder its FAILED record, and return them; a run under way is left alone."""
    open_ones = [path.parent for path in sorted(runs.glob(f"*/{FILE}")) if read_record(path.parent).state is None]
    closed = [record for folder in open_ones if (record := _closed(folder))]
    for record in closed:
        publish(record, runs / record.run_id)
    return closed


def _closed(folder: Path) -> RunRecord | None:
    try:
        kept = keep(folder)
    except UsageError:
        return None  # it goes on in another process
    with kept:
        record = read_record(folder)
        if record.state is not None:
            return None  # it ended, or another process closed it, while we looked
        ended = interrupted(record, _last_sign(folder))
        write_record(folder, ended)
    return ended


def interrupted(record: RunRecord, at: str) -> RunRecord:
    """Return the record of a run whose runner died, with `at` as its end: what ran then has failed.

    What had not started is UPSTREAM_FAILED, so a repair runs both.
    """
    running = [task.task_key for task in record.tasks if task.state is None and task.started_at]
    where = f" while {', '.join(running)} ran" if running else " between two tasks"
    tasks = tuple(_ended(task, at) for task in record.tasks)
    return replace(record, state=ResultState.FAILED, ended_at=at, exit_code=1, message=f"{WORDS}{where}", tasks=tasks)


def _ended(task: TaskRecord, at: str) -> TaskRecord:
    if task.state is not None:
        return task
    if not task.started_at:
        return replace(task, state=ResultState.UPSTREAM_FAILED, message=NOT_RUN)
    return replace(
        task,
        state=ResultState.FAILED,
        ended_at=at,
        message=WORDS,
        attempts=tuple(_broken_off(attempt, at) for attempt in task.attempts),
        iterations=tuple(_ended(part, at) for part in task.iterations),
    )


def _broken_off(attempt: AttemptRecord, at: str) -> AttemptRecord:
    if attempt.state is not None:
        return attempt
    return replace(attempt, state=ResultState.FAILED, ended_at=at, message=WORDS)


def _last_sign(folder: Path) -> str:
    """Return when the runner last wrote its record: later than that nobody knows of it."""
    return written(datetime.fromtimestamp((folder / FILE).stat().st_mtime, UTC))
