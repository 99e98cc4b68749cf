"""Let no secret be a parameter: parameters stand in run.json, on pages, and in every executed notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bundle_runner.errors import ParameterError
from bundle_runner.model import Job, Task
from bundle_runner.plan.leaks import secret_named


def check_discretion(job_key: str, job: Job, parameters: Mapping[str, str]) -> None:
    """Check the values of a job's parameters and what its tasks give.

    Raises: ParameterError for what looks like a secret; its value is not repeated.
    """
    found = [*_leaks(f"job {job_key}", parameters)]
    found += [leak for task in job.tasks for leak in _leaks(f"task {task.task_key}", _given(task))]
    if found:
        raise ParameterError(
            f"{'; '.join(found)}. Parameters are kept in run.json and in every executed notebook. Nothing was started "
            "and the value was not written down; give the name under which the secret is kept (scope/key), and let the "
            "notebook fetch it: dbutils.secrets.get, or the environment"
        )


def _leaks(where: str, values: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        if why := secret_named(name, value):
            yield f"parameter {name} of {where} looks like a secret: {why}"


def _given(task: Task) -> dict[str, str]:
    body = task.for_each_task.task if task.for_each_task else task
    named: dict[str, str] = {}
    if body.notebook_task:
        named |= body.notebook_task.base_parameters
    if body.python_wheel_task:
        named |= body.python_wheel_task.named_parameters
        named |= {f"number {i}": text for i, text in enumerate(body.python_wheel_task.parameters, 1)}
    if body.spark_python_task:
        named |= {f"number {i}": text for i, text in enumerate(body.spark_python_task.parameters, 1)}
    if body.run_job_task:
        named |= body.run_job_task.job_parameters
    return named
