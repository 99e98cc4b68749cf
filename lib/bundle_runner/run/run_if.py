"""Which tasks run: Lakeflow's `run_if` rules, judged by how the tasks above ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bundle_runner.model import Dependency, RunIf, Task
from bundle_runner.states import CANCELS, FAILURES, ResultState

BROKEN = FAILURES | CANCELS
HANDLES_FAILURE = frozenset({RunIf.ALL_FAILED, RunIf.AT_LEAST_ONE_FAILED})

_MET: Mapping[RunIf, Callable[[Sequence[ResultState]], bool]] = {
    RunIf.ALL_SUCCESS: lambda states: all(state is ResultState.SUCCESS for state in states),
    RunIf.ALL_DONE: lambda _: True,
    RunIf.NONE_FAILED: lambda states: ResultState.SUCCESS in states and not BROKEN & set(states),
    RunIf.AT_LEAST_ONE_SUCCESS: lambda states: ResultState.SUCCESS in states,
    RunIf.ALL_FAILED: lambda states: set(states) <= BROKEN,
    RunIf.AT_LEAST_ONE_FAILED: lambda states: bool(BROKEN & set(states)),
}


@dataclass(frozen=True)
class End:
    """How a task ended; a condition also has an outcome."""

    state: ResultState
    outcome: str | None = None


def verdict(task: Task, ends: Mapping[str, End]) -> ResultState | None:
    """Return the state of a task that does not run, or None when it does.

    A dependency counts as excluded when it was excluded, or when its outcome is not the wanted one. A canceled one
    counts as failed. A disabled one is neither a success nor a failure.
    Source: Lakeflow's pages "Configure task dependencies" and "Disabled tasks in Lakeflow Jobs".
    """
    states = [_edge_state(dependency, ends[dependency.task_key]) for dependency in task.depends_on]
    if states and set(states) == {ResultState.EXCLUDED}:
        return ResultState.EXCLUDED  # whatever its run_if
    if not states or _MET[task.run_if](states):
        return None
    return _unmet(task.run_if, states)


def _unmet(rule: RunIf, states: Sequence[ResultState]) -> ResultState:
    others = [state for state in states if state is not ResultState.DISABLED]
    if len(others) < len(states) and (not others or _MET[rule](others)):
        return ResultState.DISABLED  # without the disabled ones it would run
    if rule in HANDLES_FAILURE:
        return ResultState.EXCLUDED
    if FAILURES & set(states):
        return ResultState.UPSTREAM_FAILED
    return ResultState.UPSTREAM_CANCELED if CANCELS & set(states) else ResultState.EXCLUDED


def _edge_state(dependency: Dependency, end: End) -> ResultState:
    wrong = dependency.outcome is not None and end.outcome is not None and dependency.outcome != end.outcome
    return ResultState.EXCLUDED if wrong else end.state
