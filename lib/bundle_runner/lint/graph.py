"""Rules on the graph of a job: who waits for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bundle_runner.bundle.located import Map
from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, a_text, items
from bundle_runner.lint.reading import JobView, ReadBundle, TaskView

UNKNOWN = error(
    "B302",
    "depends_on names a task that does not exist",
    "`databricks bundle validate` is silent; the deployment fails.",
    "depends_on: [{task_key: lod}]",
    "depends_on: [{task_key: load}]",
)
ITSELF = error(
    "B303",
    "A task depends on itself",
    "The workspace refuses the job.",
    "{task_key: load, depends_on: [{task_key: load}]}",
    "{task_key: load}",
)
CIRCLE = error(
    "B304",
    "Tasks wait for each other in a circle",
    "None of them could ever start; the workspace refuses the job.",
    "a depends on b, b depends on a",
    "a depends on b",
)
OUTCOME = error(
    "B305",
    "outcome is asked of a task that is no condition",
    "Only a condition_task has an outcome; the workspace refuses the job.",
    '{task_key: load, outcome: "true"} where load is a notebook',
    "{task_key: load}",
)
RUN_IF = error(
    "B306",
    "run_if without depends_on",
    "There is nothing to judge by: the task runs, or the workspace refuses the job.",
    "{task_key: load, run_if: ALL_DONE}",
    "{task_key: load}",
)
TWICE = warning(
    "B307",
    "depends_on names a task twice",
    "The second entry changes nothing.",
    "depends_on: [{task_key: load}, {task_key: load}]",
    "depends_on: [{task_key: load}]",
)
EMPTY = warning(
    "B308",
    "A job has no task",
    "It is deployed, and there is nothing to run.",
    "jobs: {daily: {name: daily}}",
    "jobs: {daily: {name: daily, tasks: [{…}]}}",
)
INNER = error(
    "B309",
    "The task inside for_each_task stands in the graph",
    "Dependencies and run_if belong to the outer task; the workspace refuses them inside.",
    "for_each_task: {task: {depends_on: [{task_key: load}], …}}",
    "depends_on: [{task_key: load}] at the outer task",
)


def check_graph(bundle: ReadBundle) -> Iterator[Finding]:
    """Check the tasks of every job, as each target sees it."""
    for view in bundle.views:
        for job in view.jobs:
            yield from _check_job(job, bundle)


def _check_job(job: JobView, bundle: ReadBundle) -> Iterator[Finding]:
    if not job.body.get("tasks") and not bundle.makes_resources_in_python:
        hint = _near(job.key, a_map(a_map(bundle.merged.get("resources")).get("jobs")))
        yield EMPTY.at(job.where, f"job {job.key} has no task, so there is nothing to run{hint}")
    tasks = {task.key: task for task in job.tasks}
    for task in job.tasks:
        yield from _check_dependencies(task, tasks)
        if task.body.get("run_if", "ALL_SUCCESS") != "ALL_SUCCESS" and not task.body.get("depends_on"):
            yield RUN_IF.at(
                task.place("run_if"),
                f"task {task.key}: run_if says nothing without depends_on; remove one or add the other",
            )
    for task in job.bodies:
        for name in ("depends_on", "run_if") if task.outer is not None else ():
            if task.body.get(name):
                outer = a_map(task.outer).get("task_key")
                yield INNER.at(
                    task.place(name), f"task {task.key}: {name} has no place inside for_each_task; write it at {outer}"
                )
    yield from _circles(tasks)


def _near(key: str, defined: Map) -> str:
    """Name the job that a target meant to change."""
    hint = did_you_mean(key, defined) if key not in defined else ""
    return hint if hint.startswith("; did") else ""


def _check_dependencies(task: TaskView, tasks: dict[str, TaskView]) -> Iterator[Finding]:
    written = list(items(task.body.get("depends_on")))
    counted = Counter(a_text(item.get("task_key")) for item, _ in written)
    for item, where in written:
        key = a_text(item.get("task_key"))
        if key is None:
            continue
        if counted[key] > 1:
            yield TWICE.at(where, f"task {task.key} depends on {key} twice; keep one")
        if key == task.key:
            yield ITSELF.at(where, f"task {task.key} depends on itself and could never start")
        elif key not in tasks:
            hint = did_you_mean(key, set(tasks) - {task.key})
            yield UNKNOWN.at(where, f"task {task.key} depends on {key}, which does not exist{hint}")
        elif "outcome" in item and "condition_task" not in tasks[key].body:
            yield OUTCOME.at(
                item.where["outcome"], f"task {task.key}: {key} is no condition and has no outcome; remove outcome"
            )


def parents(task: TaskView) -> set[str]:
    """Return the keys that a task depends on."""
    return {key for item, _ in items(task.body.get("depends_on")) if (key := a_text(item.get("task_key"))) is not None}


def upstream(key: str, tasks: dict[str, TaskView]) -> set[str]:
    """Return every existing task that must have ended before this one."""
    found: set[str] = set()
    open_keys = list(parents(tasks[key]))
    while open_keys:
        parent = open_keys.pop()
        if parent in tasks and parent not in found:
            found.add(parent)
            open_keys += parents(tasks[parent])
    return found


def _circles(tasks: dict[str, TaskView]) -> Iterator[Finding]:
    before = {key: upstream(key, tasks) for key in tasks}
    told: set[str] = set()
    for key, found in before.items():
        if key in found and key not in told and parents(tasks[key]) != {key}:
            circle = [key, *(other for other in tasks if other != key and other in found and key in before[other])]
            told.update(circle)
            if len(circle) > 1:
                yield CIRCLE.at(
                    tasks[key].place("depends_on"),
                    f"these tasks wait for each other, none could start: {', '.join(circle)}",
                )
