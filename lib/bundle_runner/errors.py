"""What can go wrong when a bundle is run, as one tree.

RunnerError                   the root; `exit_code` 1
├── UsageError                the command line asks for what is not there (exit 2)
│   ├── TargetError           the target cannot run on this machine, or does not exist
│   ├── ParameterError        a parameter is unknown, or a notebook does not declare it
│   ├── CheckError            a check of the project found something before the run
│   ├── BusyError             as many runs go on as the job allows, or another holds what it needs (exit 4)
│   └── HoldError             what the project wants held during a run cannot be held
├── BundleError               a file of the bundle is wrong; nothing was started (exit 2)
│   ├── ModelError            a field is unknown, missing, of the wrong type, or not run yet
│   ├── ReferenceProblem      `${...}` or `{{...}}` names something that does not exist
│   ├── GraphError            the tasks do not form a graph that can be run
│   └── ScheduleProblem       what is to start a job cannot be understood, or not on this machine
└── RunError                  something failed while the run was under way
    ├── ClusterError          the Spark JVM could not be started, or died
    └── NotebookError         a notebook did not reach its end
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class RunnerError(Exception):
    """Say where, what, expected and got, and what to do next."""

    exit_code = 1


class UsageError(RunnerError):
    """Name the argument and what is possible instead."""

    exit_code = 2


class TargetError(UsageError):
    """Name the target and the command that runs it."""


class ParameterError(UsageError):
    """Name the parameter, the task and the names that are declared."""


class CheckError(UsageError):
    """Say each finding in a line of its own."""


class BusyError(UsageError):
    """Name the job and how many of its runs go on, or the run that holds what it needs."""

    exit_code = 4


class HoldError(UsageError):
    """Name the job and what could not be held."""


class BundleError(RunnerError):
    """Name the file, and the line where it is known."""

    exit_code = 2


class ModelError(BundleError):
    """Name each field of the bundle that cannot be understood."""


class ReferenceProblem(BundleError):
    """Name the reference and the place that uses it."""


class GraphError(BundleError):
    """Name each task that cannot be placed in the graph."""


class ScheduleProblem(BundleError):
    """Name what of the schedule or the trigger cannot be."""


class RunError(RunnerError):
    """Name what failed while the run was under way."""


class ClusterError(RunError):
    """Name the cluster, its log and the remedy."""


class NotebookError(RunError):
    """Name the cell and the true cause, in one line."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a misspelt one is near to, None where there is none."""
    return next(iter(get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` for the nearest known word, else what is known, else nothing."""
    names = sorted(set(known))
    near = nearest(word, names)
    if near:
        return f"; did you mean {near}?"
    return f"; known: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}" if names else ""
