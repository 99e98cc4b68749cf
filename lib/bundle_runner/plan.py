"""Everything that can be wrong before a run is found here: then nothing was started."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bundle_runner.bundle import Bundle
from bundle_runner.errors import BundleError, GraphError, ParameterError, did_you_mean
from bundle_runner.graph import Graph, build_graph
from bundle_runner.model import Job, Task
from bundle_runner.notebook_file import NotebookFile, read_notebook
from bundle_runner.references import resolve, time_facts


@dataclass(frozen=True)
class Plan:
    """A job that can be started: checked graph, checked notebooks, parameters with their values."""

    bundle: Bundle
    job_key: str
    job: Job
    graph: Graph
    notebooks: Mapping[str, NotebookFile]
    parameters: Mapping[str, str]
    run_id: str
    root: Path
    started: datetime

    @property
    def job_name(self) -> str:
        """Return the job's display name."""
        return self.job.name or self.job_key

    @property
    def folder(self) -> Path:
        """Return the run folder."""
        return runs_folder(self.root) / self.run_id

    @property
    def job_facts(self) -> dict[str, object]:
        """Return what `{{job.…}}` offers."""
        return {**_job_facts(self.job_key, self.job_name, self.run_id, self.started), "parameters": self.parameters}


def runs_folder(root: Path) -> Path:
    """Return where a target on this machine keeps its runs."""
    return root / "runs"


def prepare(bundle: Bundle, job_key: str, given: Mapping[str, str], run_id: str | None = None) -> Plan:
    """Check a job and its parameters.

    Raises: UsageError and BundleError, before anything is started.
    """
    job = bundle.job(job_key)
    root = bundle.local_root(job_key)
    graph = build_graph(job, bundle.task_places(job_key))
    started = datetime.now(UTC)
    run_id = run_id or new_run_id(started)
    facts = {"job": _job_facts(job_key, job.name or job_key, run_id, started)}
    parameters = {name: resolve(value, facts) for name, value in _choose(job, job_key, given).items()}
    notebooks = dict(_read_notebooks(job, set(parameters)))
    _check_called(bundle, job, (job_key,))
    return Plan(bundle, job_key, job, graph, notebooks, parameters, run_id, root, started)


def _check_called(bundle: Bundle, job: Job, callers: tuple[str, ...]) -> None:
    """Check the jobs that tasks run: they exist, have these parameters, and do not call each other in a circle."""
    for task in job.tasks:
        if called := task.run_job_task:
            if called.job_id in callers:
                raise GraphError(f"task {task.task_key}: jobs run each other: {' → '.join((*callers, called.job_id))}")
            inner = bundle.job(called.job_id)
            _choose(inner, called.job_id, called.job_parameters, f"task {task.task_key}")
            build_graph(inner, bundle.task_places(called.job_id))
            dict(_read_notebooks(inner, {parameter.name for parameter in inner.parameters}))
            _check_called(bundle, inner, (*callers, called.job_id))


def new_run_id(moment: datetime) -> str:
    """Return an id that sorts by time and is used only once."""
    return f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def _job_facts(key: str, name: str, run_id: str, started: datetime) -> dict[str, object]:
    return {
        "id": key,
        "name": name,
        "run_id": run_id,
        "repair_count": "0",
        "start_time": time_facts(started),
        "trigger": {"type": "one_time"},
    }


def _choose(job: Job, job_key: str, given: Mapping[str, str], said_by: str = "--params") -> dict[str, str]:
    declared = {parameter.name: parameter.default for parameter in job.parameters}
    for name in given:
        if name not in declared:
            hint = did_you_mean(name, declared)
            raise ParameterError(f"{said_by} {name}: job {job_key} has no such parameter{hint}; nothing was started")
    return {**declared, **given}


def notebook_tasks(job: Job) -> Iterator[tuple[Task, Task]]:
    """Return each task together with the body that runs a notebook: itself, or the task inside for_each."""
    for task in job.tasks:
        body = task.for_each_task.task if task.for_each_task else task
        if body.notebook_task:
            yield task, body


def _read_notebooks(job: Job, names: set[str]) -> Iterator[tuple[str, NotebookFile]]:
    for task, body in notebook_tasks(job):
        if body.notebook_task is None:
            continue
        try:
            notebook = read_notebook(Path(body.notebook_task.notebook_path))
        except BundleError as error:
            raise BundleError(f"task {task.task_key}: {error}") from None
        notebook.check_values(names | set(body.notebook_task.base_parameters), task.task_key)
        yield body.notebook_task.notebook_path, notebook
