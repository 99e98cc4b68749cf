"""Let no more runs of a job go on at once than it allows: the others wait in the queue, or do not begin."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bundle_runner.errors import BusyError
from bundle_runner.model import Job
from bundle_runner.plan.prepare import Plan, runs_folder

Wait = Callable[[str], bool]
"""Hears why a run must wait, passes a moment, and tells whether to give up."""


def queues(job: Job) -> bool:
    """Tell whether a run of the job waits where another goes on."""
    return job.queue is not None and job.queue.enabled


@contextmanager
def take_turn(plan: Plan, wait: Wait) -> Iterator[None]:
    """Hold one of the job's places while its run goes on.

    A place is a lock of the system: it ends with its process, however that dies.
    Raises: BusyError when all places are taken and the job does not queue, or the waiting was given up.
    """
    places = plan.job.max_concurrent_runs or 1
    folder = runs_folder(plan.root) / ".turns"
    folder.mkdir(parents=True, exist_ok=True)
    while (held := _take(folder, plan.job_key, places)) is None:
        going = f"job {plan.job_key}: {places} of {places} runs go on (max_concurrent_runs)"
        if not queues(plan.job) or wait(going):
            raise BusyError(
                f"{going}; nothing was started; run it again later, or say queue: {{enabled: true}} in the job, then "
                "it waits"
            )
    try:
        yield
    finally:
        os.close(held)


@contextmanager
def hold(runs: Path, name: str) -> Iterator[None]:
    """Hold what only one process may do in a folder of runs at a time.

    Raises: BusyError when another one does it.
    """
    folder = runs / ".turns"
    folder.mkdir(parents=True, exist_ok=True)
    held = _take(folder, f".{name}", 1)
    if held is None:
        raise BusyError(f"another lakehouse {name} goes on in {runs}; nothing was started; end that one first")
    try:
        yield
    finally:
        os.close(held)


def _take(folder: Path, job_key: str, places: int) -> int | None:
    for number in range(places):
        door = os.open(folder / f"{job_key}.{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(door)
        else:
            return door
    return None
