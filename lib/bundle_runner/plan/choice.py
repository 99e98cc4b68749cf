"""Which tasks of a job a run is about: `--only a,+b,c+,+d+`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bundle_runner.bundle.references import paths
from bundle_runner.errors import UsageError, did_you_mean
from bundle_runner.model import Task
from bundle_runner.plan.graph import Graph, texts

SIGN = "+"


@dataclass(frozen=True)
class Wish:
    """A task by name, with everything before it, after it, or both."""

    key: str
    upstream: bool
    downstream: bool

    @property
    def written(self) -> str:
        """Return it as `--only` takes it."""
        return f"{SIGN * self.upstream}{self.key}{SIGN * self.downstream}"


def wish(text: str) -> Wish:
    """Read one word of `--only`."""
    return Wish(text.strip().strip(SIGN), text.strip().startswith(SIGN), text.strip().endswith(SIGN))


def chosen(graph: Graph, words: Iterable[str]) -> set[str]:
    """Return the chosen tasks.

    Raises: UsageError for a name that no task has.
    """
    found: set[str] = set()
    for each in map(wish, words):
        if each.key not in graph.tasks:
            hint = did_you_mean(each.key, graph.tasks)
            raise UsageError(f"--only {each.written}: the job has no such task{hint}; nothing was started")
        found.add(each.key)
        found |= graph.upstream(each.key) if each.upstream else set()
        found |= graph.downstream(each.key) if each.downstream else set()
    return found


def narrowed(graph: Graph, keys: Collection[str]) -> Graph:
    """Return the graph of the chosen tasks; what they wait for among the others counts as done.

    Raises: UsageError when a chosen task reads a value that only a task left out would set.
    """
    tasks = {key: task for key, task in graph.tasks.items() if key in keys}
    problems = [text for task in tasks.values() for text in _unread(task, keys)]
    if problems:
        raise UsageError("\n".join([*problems, "nothing was started"]))
    return Graph({key: _among(task, keys) for key, task in tasks.items()})


def _among(task: Task, keys: Collection[str]) -> Task:
    kept = tuple(dependency for dependency in task.depends_on if dependency.task_key in keys)
    return task.model_copy(update={"depends_on": kept})


def _unread(task: Task, keys: Collection[str]) -> list[str]:
    read = [path for text in texts(task) for path in paths(text) if path[0] == "tasks" and path[2:3] == ("values",)]
    return [
        f"task {task.task_key} reads {{{{{'.'.join(path)}}}}}, and {path[1]} is not chosen: it would have no value; "
        f"choose it, too, or all before: --only {SIGN}{task.task_key}"
        for path in dict.fromkeys(read)
        if path[1] not in keys
    ]
