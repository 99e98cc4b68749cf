"""Tell whether somebody still keeps a run, and what of it goes on."""

from __future__ import annotations

import fcntl
from pathlib import Path

from bundle_runner.record.records import LOCK, RunRecord, TaskRecord, now, seconds_between


def is_kept(folder: Path) -> bool:
    """Tell whether a process holds the run's lock, which goes with the process."""
    try:
        file = (folder / LOCK).open("rb")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def run_state_words(record: RunRecord, goes_on: bool) -> str:
    """Return the state of a run; one that nobody keeps and that has none is unfinished for good."""
    return str(record.state or ("RUNNING" if goes_on else "UNFINISHED"))


def task_state_words(task: TaskRecord, goes_on: bool) -> str:
    """Return the state of a task, also of one that runs or waits."""
    if task.state or not goes_on:
        return str(task.state or "UNFINISHED")
    return "RUNNING" if task.started_at else "WAITING"


def seconds_so_far(record: RunRecord | TaskRecord, goes_on: bool) -> float:
    """Return how long something took, or has taken until now."""
    return seconds_between(record.started_at, record.ended_at or (now() if goes_on else None))
