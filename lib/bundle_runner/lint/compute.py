"""Rules on where tasks run: clusters and environments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_text, items, opaque, texts_of
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
    "libraries at a task without a cluster",
    "Serverless tasks take their libraries from the environment's dependencies; the workspace refuses the job.",
    "{environment_key: default, libraries: [{…}]}",
    "environments: [{environment_key: default, spec: {dependencies: […]}}]",
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
    is_serverless = places == ["environment_key"] or (not places and "notebook_task" in task.body)
    if is_serverless and "compute" not in task.body and task.body.get("libraries"):
        runs = f"a task with {places[0]}" if places else "a notebook without a cluster runs serverless and"
        yield SERVERLESS_LIBRARIES.at(
            task.place("libraries"),
            f"task {task.key}: {runs} takes no libraries; name them in the environment",
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
