"""Everything that can be wrong before a run is found here: then nothing was started."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bundle_runner.bundle import Bundle
from bundle_runner.choice import chosen, narrowed
from bundle_runner.errors import BundleError, ParameterError, did_you_mean
from bundle_runner.graph import Graph, build_graph
from bundle_runner.model import Job, Task
from bundle_runner.notebook_file import NotebookFile, read_notebook
from bundle_runner.record import TaskRecord
from bundle_runner.references import resolve, time_facts
from bundle_runner.states import ResultState


@dataclass(frozen=True)
class Plan:
    """A job that can be started: checked graph, checked notebooks, parameters with their values.

    `settled` tasks have their result before anything starts. `only` says which tasks were chosen; `graph` holds those.
    """

    bundle: Bundle
    job_key: str
    job: Job
    graph: Graph
    notebooks: Mapping[str, NotebookFile]
    parameters: Mapping[str, str]
    run_id: str
    root: Path
    started: datetime
    settled: Mapping[str, TaskRecord]
    only: tuple[str, ...] = ()

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


def prepare(bundle: Bundle, job_key: str, given: Mapping[str, str], only: tuple[str, ...] = ()) -> Plan:
    """Check a job, its parameters and the choice of its tasks.

    Raises: UsageError and BundleError, before anything is started.
    """
    job = bundle.job(job_key)
    root = bundle.local_root(job_key)
    graph = build_graph(job, bundle.task_places(job_key))
    graph = narrowed(graph, chosen(graph, only)) if only else graph
    started = datetime.now(UTC)
    run_id = new_run_id(started)
    facts = {"job": _job_facts(job_key, job.name or job_key, run_id, started)}
    parameters = {name: resolve(value, facts) for name, value in _choose(job, job_key, given).items()}
    notebooks = dict(_read_notebooks(job, set(parameters)))
    return Plan(bundle, job_key, job, graph, notebooks, parameters, run_id, root, started, _settled(job, graph), only)


def _settled(job: Job, graph: Graph) -> dict[str, TaskRecord]:
    out = {
        task.task_key: TaskRecord(task.task_key, task.kind, ResultState.EXCLUDED, message="not chosen")
        for task in job.tasks
        if task.task_key not in graph.tasks
    }
    off = {
        task.task_key: TaskRecord(task.task_key, task.kind, ResultState.DISABLED, message="disabled: true")
        for task in graph.tasks.values()
        if task.disabled
    }
    return {**out, **off}


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


def _choose(job: Job, job_key: str, given: Mapping[str, str]) -> dict[str, str]:
    declared = {parameter.name: parameter.default for parameter in job.parameters}
    for name in given:
        if name not in declared:
            hint = did_you_mean(name, declared)
            raise ParameterError(f"--params {name}: job {job_key} has no such parameter{hint}; nothing was started")
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
