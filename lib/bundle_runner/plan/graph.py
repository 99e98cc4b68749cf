"""The graph of a job: is it one, and which tasks are ready."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bundle_runner.bundle.located import Where
from bundle_runner.bundle.references import paths, unknown
from bundle_runner.errors import GraphError, did_you_mean
from bundle_runner.model import Dependency, Job, LeftOut, Task


@dataclass(frozen=True)
class Graph:
    """A checked job: every dependency exists and nothing goes round in a circle."""

    tasks: Mapping[str, Task]

    @property
    def leaves(self) -> list[str]:
        """Return the tasks on which no other task depends."""
        inner = {dependency.task_key for task in self.tasks.values() for dependency in task.depends_on}
        return [key for key in self.tasks if key not in inner]

    def upstream(self, key: str) -> set[str]:
        """Return every task that must have ended before this one."""
        found: set[str] = set()
        open_keys = [dependency.task_key for dependency in self.tasks[key].depends_on]
        while open_keys:
            parent = open_keys.pop()
            if parent not in found and parent in self.tasks:
                found.add(parent)
                open_keys += [dependency.task_key for dependency in self.tasks[parent].depends_on]
        return found

    def downstream(self, key: str) -> set[str]:
        """Return every task that waits for this one."""
        return {other for other in self.tasks if key in self.upstream(other)}

    def ready(self, ended: Collection[str], started: Collection[str]) -> list[str]:
        """Return the tasks whose dependencies have all ended and that were not started."""
        return [
            key
            for key, task in self.tasks.items()
            if key not in started and all(dependency.task_key in ended for dependency in task.depends_on)
        ]

    def coming(self, started: Collection[str]) -> Iterator[str]:
        """Yield the tasks that were not started, those first that wait only for started ones."""
        known, left = set(started), [key for key in self.tasks if key not in started]
        while left:
            wave = [key for key in left if all(dep.task_key in known for dep in self.tasks[key].depends_on)]
            yield from wave
            known.update(wave)
            left = [key for key in left if key not in known]


def build_graph(job: Job, places: Mapping[str, Where] | None = None) -> Graph:
    """Check the tasks of a job and return their graph; `places` says where each task is written.

    Raises: GraphError with one line for each finding.
    """
    graph = Graph({task.task_key: task for task in job.tasks})
    checked = [task for task in job.tasks if not isinstance(task, LeftOut)]
    found = [*_twins(job), *((task.task_key, text) for task in checked for text in _check(task, graph, job))]
    found = found or _circle(graph)
    if found:
        prefixes = {key: f"{where}: " for key, where in (places or {}).items()}
        raise GraphError("\n".join(f"{prefixes.get(key, '')}{text}" for key, text in found))
    return graph


def _twins(job: Job) -> Iterator[tuple[str, str]]:
    keys = [task.task_key for task in job.tasks]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield key, f"task {key} is defined {keys.count(key)} times"


def _check(task: Task, graph: Graph, job: Job) -> Iterator[str]:
    name = f"task {task.task_key}"
    for dependency in task.depends_on:
        yield from _check_dependency(name, task, dependency, graph)
    body = task.for_each_task.task if task.for_each_task else task
    if (body.condition_task or body.run_job_task) and body.max_retries:
        yield f"{name}: a {body.kind} task is not retried by this runner; remove max_retries"
    yield from _check_inner(name, task)
    yield from _check_clusters(name, task, job)
    for text in texts(task):
        yield from _check_references(name, task, text, graph, job)


def _check_dependency(name: str, task: Task, dependency: Dependency, graph: Graph) -> Iterator[str]:
    parent = graph.tasks.get(dependency.task_key)
    if dependency.task_key == task.task_key:
        yield f"{name} depends on itself"
    elif parent is None:
        hint = did_you_mean(dependency.task_key, graph.tasks)
        yield f"{name} depends on {dependency.task_key}, which does not exist{hint}"
    elif dependency.outcome and not parent.condition_task:
        yield f"{name}: outcome is for conditions only, and {dependency.task_key} is a {parent.kind} task"


def _check_inner(name: str, task: Task) -> Iterator[str]:
    inner = task.for_each_task.task if task.for_each_task else None
    if inner is None:
        return
    if inner.for_each_task:
        yield f"{name}: for_each_task does not nest"
    elif inner.condition_task:
        yield f"{name}: a condition_task cannot stand inside for_each_task"
    if inner.disabled:
        yield f"{name}: the inner task {inner.task_key} cannot be disabled; write it at {task.task_key}"
    if inner.depends_on:
        yield f"{name}: the inner task {inner.task_key} cannot have depends_on; write it at {task.task_key}"


def _check_clusters(name: str, task: Task, job: Job) -> Iterator[str]:
    known = [cluster.job_cluster_key for cluster in job.job_clusters]
    for body in (task, task.for_each_task.task if task.for_each_task else None):
        if body and body.job_cluster_key and body.job_cluster_key not in known:
            hint = did_you_mean(body.job_cluster_key, known)
            yield f"{name}: job cluster {body.job_cluster_key} does not exist{hint}"
        if body and body.environment_key:
            yield from _check_environment(name, body, job)


def _check_environment(name: str, body: Task, job: Job) -> Iterator[str]:
    known = [environment.environment_key for environment in job.environments]
    if body.environment_key and body.environment_key not in known:
        yield f"{name}: environment {body.environment_key} does not exist{did_you_mean(body.environment_key, known)}"
    if body.job_cluster_key or body.new_cluster or body.existing_cluster_id:
        yield f"{name} names a cluster and an environment; keep one"


def texts(task: Task) -> list[str]:
    """Return every text of a task in which `{{...}}` is resolved."""
    found: list[str] = [*task.cells_values.values()]
    if task.spark_python_task:
        found += task.spark_python_task.parameters
    if task.python_wheel_task:
        found += [*task.python_wheel_task.parameters, *task.python_wheel_task.named_parameters.values()]
    if task.run_job_task:
        found += task.run_job_task.job_parameters.values()
    if task.condition_task:
        found += [task.condition_task.left, task.condition_task.right]
    if task.for_each_task:
        found += [task.for_each_task.inputs, *texts(task.for_each_task.task)]
    return found


def _check_references(name: str, task: Task, text: str, graph: Graph, job: Job) -> Iterator[str]:
    declared = [parameter.name for parameter in job.parameters]
    for path in paths(text):
        reference = "{{" + ".".join(path) + "}}"
        if path[0] == "tasks" and len(path) > 1:
            yield from _check_upstream(f"{name}: {reference}", task, path[1], graph)
        if path[:2] == ("job", "parameters") and len(path) > 2 and path[2] not in declared:
            yield f"{name}: {reference}: the job has no such parameter{did_you_mean(path[2], declared)}"
        if trouble := unknown(path):
            yield f"{name}: {reference} has no value: {trouble}"
        if path[0] == "input" and not task.for_each_task:
            yield f"{name}: {reference} has a meaning inside for_each_task only"


def _check_upstream(subject: str, task: Task, other: str, graph: Graph) -> Iterator[str]:
    """Check that another task has ended; where a name in depends_on is wrong, that is the one thing to say."""
    upstream = graph.upstream(task.task_key)
    named = {dep.task_key for key in (task.task_key, *upstream) for dep in graph.tasks[key].depends_on}
    if other not in graph.tasks and other not in named:
        yield f"{subject} names a task that does not exist{did_you_mean(other, graph.tasks)}"
    elif other not in upstream and named <= set(graph.tasks):
        yield f"{subject} names a task that need not have ended; add it to depends_on"


def _circle(graph: Graph) -> list[tuple[str, str]]:
    """Return the first circle with one of its tasks, if there is one."""
    for key in graph.tasks:
        upstream = graph.upstream(key)
        if key in upstream:
            members = sorted(other for other in upstream if key in graph.upstream(other))
            return [(members[0], f"these tasks wait for each other: {', '.join(members)}")]
    return []
