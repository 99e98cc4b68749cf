"""What a task runs in a process of its own: is it there, and with which words is it called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from bundle_runner.bundle.references import resolve
from bundle_runner.bundle.requirements import Builds, check_installed
from bundle_runner.errors import BundleError, did_you_mean
from bundle_runner.model import Job, PythonWheelTask, Task
from bundle_runner.spark.connect import CLIENT


def check_programs(job: Job, builds: Builds) -> None:
    """Look for the files and packages of a job's programs, and for the libraries of its tasks.

    `builds` are the commands of the bundle's artifacts, by folder: they make the wheels that are not there.

    Raises: BundleError for the first that is not there.
    """
    bodies = [(task, task.for_each_task.task if task.for_each_task else task) for task in job.tasks]
    used = {one.environment_key for pair in bodies for one in pair}
    for environment in (one for one in job.environments if one.environment_key in used):
        subject = f"environment {environment.environment_key}"
        check_installed(subject, environment.spec.dependencies, builds)
        check_installed(f"{subject}: Spark Connect needs the extra `connect`", CLIENT)
    for task, body in bodies:
        if body.spark_python_task:
            _check_file(Path(body.spark_python_task.python_file), task.task_key)
        if body.python_wheel_task:
            _check_package(body.python_wheel_task.package_name, task.task_key)
        for library in (*task.libraries, *body.libraries):
            check_installed(f"task {task.task_key}: library", library.dependencies, builds)


def _check_file(path: Path, key: str) -> None:
    if not path.is_file():
        near = did_you_mean(path.name, [file.name for file in path.parent.glob("*.py")])
        raise BundleError(f"task {key}: {path}: there is no such Python file{near}; nothing was started")


def _check_package(name: str, key: str) -> None:
    try:
        distribution(name)
    except PackageNotFoundError:
        raise BundleError(
            f"task {key}: package {name} is not installed in this environment; nothing was started; install its wheel, "
            f"then try again"
        ) from None


def words_of(body: Task, facts: Mapping[str, Any], parameters: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return what the process of a program is called with; None for a task that is no program."""
    if body.spark_python_task:
        arguments = [resolve(text, facts) for text in body.spark_python_task.parameters]
        return ("file", body.spark_python_task.python_file, *arguments)
    if body.python_wheel_task:
        return _wheel(body.python_wheel_task, facts, parameters)
    return None


def _wheel(wheel: PythonWheelTask, facts: Mapping[str, Any], parameters: Mapping[str, str]) -> tuple[str, ...]:
    """Positional arguments as they are; named ones together with the job's parameters, which win."""
    named = {} if wheel.parameters else {name: resolve(text, facts) for name, text in wheel.named_parameters.items()}
    named = {} if wheel.parameters else {**named, **parameters}
    arguments = [resolve(text, facts) for text in wheel.parameters]
    return ("wheel", wheel.package_name, wheel.entry_point, *arguments, *(f"--{k}={v}" for k, v in named.items()))
