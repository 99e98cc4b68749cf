"""What the project holds while a run goes on: functions of the entry-point group `lakehouse.leases`.

A function takes a job's parameters with their values, the id of its run and what the calling run's tasks are given;
it returns what it holds, or None for a job that needs nothing. It raises an error with `exit_code` 4 while another
run holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from bundle_runner.errors import BusyError, HoldError
from bundle_runner.plan.prepare import Plan
from bundle_runner.run.turns import Wait, queues

GROUP = "lakehouse.leases"


class Hold(Protocol):
    """Something that one run has and others do not; `environment` tells its tasks."""

    environment: Mapping[str, str]

    def release(self) -> None:
        """Give it back."""


@contextmanager
def take_holds(plan: Plan, given: Mapping[str, str], wait: Wait) -> Iterator[dict[str, str]]:
    """Hold what the project wants held while the job runs, and yield the environment of its tasks.

    `given` is that of the run that calls this one. `wait` hears why, passes a moment, and tells whether to give up.
    Raises: BusyError when another run holds it and the job does not queue, or the waiting was given up; HoldError
    when it cannot be held.
    """
    environment = dict(given)
    with ExitStack() as held:
        for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
            hold = _taken(entry, plan, environment, wait)
            if hold is not None:
                held.callback(hold.release)
                environment |= hold.environment
        yield environment


def _taken(entry: EntryPoint, plan: Plan, environment: Mapping[str, str], wait: Wait) -> Hold | None:
    while True:
        try:
            hold: Hold | None = entry.load()(plan.parameters, plan.run_id, environment)
        except Exception as error:
            if getattr(error, "exit_code", None) != BusyError.exit_code:
                raise HoldError(f"{plan.job_key}: {error}") from error
            if not queues(plan.job) or wait(str(error)):
                raise BusyError(f"{plan.job_key}: {error}") from error
        else:
            return hold
