"""Which notebooks will need a kernel next, as far as the graph and the present state of a run can tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from bundle_runner.model import Task
from bundle_runner.plan.prepare import Plan, cell_tasks
from bundle_runner.record.records import TaskRecord
from bundle_runner.run.work import Place, cluster_of


def place_of(plan: Plan, task: Task, body: Task, path: str) -> Place:
    """Return where the notebook of this path runs for a task, whose body may be that inside for_each."""
    return Place(plan.notebooks[path], cluster_of(task, body, plan.job))


def line_up(plan: Plan, records: Mapping[str, TaskRecord], started: Collection[str]) -> Iterator[Place]:
    """Yield a place for every kernel to come, the next first: iterations of running loops, then the tasks by waves."""
    places = _places(plan)
    running = [key for key in started if records[key].state is None and records[key].iterations]
    for key in (*running, *plan.graph.coming(started)):
        if key in places:
            yield from [places[key]] * _kernels(plan.graph.tasks[key], records[key])


def open_places(plan: Plan, ended: Collection[str]) -> list[Place]:
    """Return the places of all tasks that have not ended."""
    return [place for key, place in _places(plan).items() if key not in ended]


def _places(plan: Plan) -> dict[str, Place]:
    return {task.task_key: place_of(plan, task, body, path) for task, body, path in cell_tasks(plan.job)}


def _kernels(task: Task, record: TaskRecord) -> int:
    """Return how many kernels a task has yet to take; a loop that has not begun takes as many as run at once."""
    if record.iterations:
        return sum(not part.attempts for part in record.iterations)
    return task.for_each_task.concurrency if task.for_each_task else 1
