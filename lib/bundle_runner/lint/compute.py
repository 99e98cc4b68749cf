"""Rules on where tasks run: clusters and environments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, a_text, items, members, opaque, texts_of
from bundle_runner.lint.reading import JobView, ReadBundle, TaskView

NO_CLUSTER = error(
    "B405",
    "job_cluster_key names a cluster that the job does not have",
    "`databricks bundle validate` only warns; the deployment fails.",
    "job_cluster_key: mian",
    "job_cluster_key: main",
)
NO_ENVIRONMENT = error(
    "B406",
    "environment_key names an environment that the job does not have",
    "`databricks bundle validate` is silent; the deployment fails.",
    "environment_key: defualt",
    "environment_key: default",
)
TWO_PLACES = error(
    "B407",
    "A task is to run in two places",
    "A task runs on one cluster or in one environment; the workspace refuses the job.",
    "{job_cluster_key: main, environment_key: default}",
    "{job_cluster_key: main}",
)
NOWHERE = error(
    "B410",
    "A Python task has neither a cluster nor an environment",
    "The workspace refuses it: a serverless Python task needs an environment_key.",
    "{spark_python_task: {…}}",
    "{spark_python_task: {…}, environment_key: default}",
)
UNUSED = warning(
    "B411",
    "A cluster or environment of a job is never used",
    "Often a misspelt key; else it can go.",
    "job_clusters: [{job_cluster_key: old, …}]",
    "the list without it",
)
SERVERLESS_LIBRARIES = error(
    "B412",
    "libraries at a task with an environment",
    "Serverless tasks take their libraries from the environment's dependencies; the workspace refuses the job.",
    "{environment_key: default, libraries: [{…}]}",
    "environments: [{environment_key: default, spec: {dependencies: […]}}]",
)
TWO_SIZES = error(
    "B414",
    "A cluster has num_workers and autoscale",
    "Its size is said twice; the workspace refuses the cluster.",
    "{num_workers: 2, autoscale: {…}}",
    "{num_workers: 2}",
)
BACKWARDS = error(
    "B418",
    "A cluster grows from more to fewer workers",
    "The workspace refuses the cluster.",
    "autoscale: {min_workers: 8, max_workers: 2}",
    "autoscale: {min_workers: 2, max_workers: 8}",
)

PLACES = ("job_cluster_key", "existing_cluster_id", "new_cluster", "environment_key")
PYTHON = ("spark_python_task", "python_wheel_task")


def check_compute(bundle: ReadBundle) -> Iterator[Finding]:
    """Check where the tasks of every job run, as each target sees it."""
    for view in bundle.views:
        for job in view.jobs:
            for task in job.bodies:
                yield from _place(task, job)
            yield from _unused(job)
        yield from _sizes(a_map(view.tree.get("resources")))


def _place(task: TaskView, job: JobView) -> Iterator[Finding]:
    for name, part, code in (
        ("job_cluster_key", "job_clusters", NO_CLUSTER),
        ("environment_key", "environments", NO_ENVIRONMENT),
    ):
        key, listed = a_text(task.body.get(name)), job.body.get(part)
        known = texts_of(listed, name)
        if key is not None and key not in known and not opaque(listed) and not _has_unknown(listed, name):
            yield code.at(
                task.place(name), f"task {task.key}: {name} {key} is not among {part}{did_you_mean(key, known)}"
            )
    places = [name for name in PLACES if task.body.get(name) is not None]
    if len(places) > 1:
        yield TWO_PLACES.at(task.place(places[1]), f"task {task.key} names {' and '.join(places)}; keep one")
    if places == ["environment_key"] and task.body.get("libraries"):
        yield SERVERLESS_LIBRARIES.at(
            task.place("libraries"),
            f"task {task.key}: a task with environment_key takes no libraries; name them in the environment",
        )
    python = next((kind for kind in PYTHON if kind in task.body), None)
    if python and not places and "compute" not in task.body:
        yield NOWHERE.at(task.place(python), f"task {task.key}: {python} needs environment_key or a cluster")


def _has_unknown(listed: Any, name: str) -> bool:
    return any(a_text(item.get(name)) is None for item, _ in items(listed))


def _unused(job: JobView) -> Iterator[Finding]:
    for name, part in (("job_cluster_key", "job_clusters"), ("environment_key", "environments")):
        used = {a_text(task.body.get(name)) for task in job.bodies}
        for item, where in items(job.body.get(part)):
            key = a_text(item.get(name))
            if key is not None and key not in used and not _any_opaque(job, name):
                yield UNUSED.at(item.where.get(name, where), f"job {job.key}: no task uses {name} {key}")


def _any_opaque(job: JobView, name: str) -> bool:
    return any(opaque(task.body.get(name)) for task in job.bodies)


def _sizes(node: Any) -> Iterator[Finding]:
    """Look at every mapping below that tells how many workers there are."""
    if isinstance(node, list):
        for item in node:
            yield from _sizes(item)
    for _, value, _ in members(node):
        yield from _sizes(value)
    grows = a_map(a_map(node).get("autoscale"))
    if grows and a_map(node).get("num_workers") is not None:
        yield TWO_SIZES.at(node.where["autoscale"], "num_workers and autoscale both say the size; keep one")
    least, most = grows.get("min_workers"), grows.get("max_workers")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield BACKWARDS.at(node.where["autoscale"], f"min_workers {least} is more than max_workers {most}")
