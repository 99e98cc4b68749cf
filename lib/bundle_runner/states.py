"""Result states of tasks and runs, in the words of Lakeflow Jobs."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class ResultState(StrEnum):
    """How a task or a run ended."""

    SUCCESS = "SUCCESS"
    SUCCESS_WITH_FAILURES = "SUCCESS_WITH_FAILURES"
    FAILED = "FAILED"
    TIMEDOUT = "TIMEDOUT"
    CANCELED = "CANCELED"
    EXCLUDED = "EXCLUDED"
    DISABLED = "DISABLED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    UPSTREAM_CANCELED = "UPSTREAM_CANCELED"


FAILURES = frozenset({ResultState.FAILED, ResultState.TIMEDOUT, ResultState.UPSTREAM_FAILED})
CANCELS = frozenset({ResultState.CANCELED, ResultState.UPSTREAM_CANCELED})


def run_state(leaves: Iterable[ResultState], everything: Iterable[ResultState]) -> ResultState:
    """Return the state of a run: the leaves of its graph decide, failures elsewhere are mentioned."""
    leaves, everything = set(leaves), set(everything)
    if everything & CANCELS:
        return ResultState.CANCELED
    if everything == {ResultState.DISABLED}:
        return ResultState.DISABLED
    if leaves & FAILURES:
        return ResultState.FAILED
    return ResultState.SUCCESS_WITH_FAILURES if everything & FAILURES else ResultState.SUCCESS
