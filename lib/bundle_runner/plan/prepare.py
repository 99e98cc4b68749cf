"""Everything that can be wrong before a run is found here: then nothing was started."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bundle_runner.bundle.load import Bundle
from bundle_runner.bundle.references import resolve, time_facts
from bundle_runner.errors import BundleError, ParameterError, did_you_mean
from bundle_runner.model import Job, Task
from bundle_runner.notebooks.file import NotebookFile, read_notebook
from bundle_runner.notebooks.workspace_names import volumes_in
from bundle_runner.plan.choice import chosen, narrowed
from bundle_runner.plan.discretion import check_discretion
from bundle_runner.plan.graph import Graph, build_graph
from bundle_runner.plan.launchable import check_programs
from bundle_runner.plan.nesting import check_nesting, job_runs
from bundle_runner.record.occasion import BY_HAND, Occasion
from bundle_runner.record.records import RunRecord, TaskRecord
from bundle_runner.states import ResultState


@dataclass(frozen=True)
class Plan:
    """A job that can be started: checked graph, checked notebooks, parameters with their values.

    `settled` tasks have their result before anything starts. `only` says which tasks were chosen;
    `graph` holds those. `parent` is the run and task that run this job.
    `warnings` tell what of the bundle is left out.
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
    earlier: RunRecord | None = None
    parent: str | None = None
    occasion: Occasion = BY_HAND
    warnings: tuple[str, ...] = ()

    @property
    def job_name(self) -> str:
        """Return the job's display name."""
        return self.job.name or self.job_key

    @property
    def folder(self) -> Path:
        """Return the run folder."""
        return runs_folder(self.root) / self.run_id

    @property
    def repair_count(self) -> int:
        """Return how often the run was repaired, this time included."""
        return self.earlier.repair_count + 1 if self.earlier else 0

    @property
    def facts(self) -> dict[str, object]:
        """Return what `{{job.…}}`, `{{workspace.…}}` and in a backfill `{{backfill.…}}` offer."""
        known = {"job": self.job_facts, "workspace": self.bundle.workspace_facts}
        return {**known, **self.occasion.backfill_facts}

    @property
    def job_facts(self) -> dict[str, object]:
        """Return what `{{job.…}}` offers."""
        return {
            "id": self.job_key,
            "name": self.job_name,
            "run_id": self.run_id,
            "repair_count": str(self.repair_count),
            "start_time": time_facts(self.started),
            "trigger": self.occasion.trigger_facts(self.started),
            "parameters": self.parameters,
        }


def runs_folder(root: Path) -> Path:
    """Return where a target on this machine keeps its runs."""
    return root / "runs"


def prepare(
    bundle: Bundle,
    job_key: str,
    given: Mapping[str, str],
    only: tuple[str, ...] = (),
    cause: RunRecord | Occasion = BY_HAND,
) -> Plan:
    """Check a job, its parameters and the choice of its tasks; the cause is the run that goes on, or what starts one.

    Raises: UsageError and BundleError, before anything is started.
    """
    earlier, occasion = (cause, cause.occasion) if isinstance(cause, RunRecord) else (None, cause)
    keys, left_out = chosen_keys(bundle, job_key, only), list(bundle.left_out)
    job = bundle.job(job_key, keys, left_out)
    check_nesting(bundle, job_key, job)
    root = bundle.local_root(job_key)
    graph = build_graph(job, bundle.task_places(job_key))
    graph = narrowed(graph, keys) if keys is not None else graph
    started = datetime.fromisoformat(earlier.started_at) if earlier else datetime.now(UTC)
    run_id = earlier.run_id if earlier else new_run_id(started)
    raw = _choose(job, job_key, given)
    notebooks = dict(_read_notebooks(job, set(raw)))
    check_programs(job, bundle.builds)
    _check_inner_jobs(bundle, job, occasion)
    plan = Plan(bundle, job_key, job, graph, notebooks, raw, run_id, root, started, _settled(job, graph), only, earlier)
    plan = replace(plan, occasion=occasion)
    plan = replace(plan, parameters={name: resolve(value, _known(plan)) for name, value in raw.items()})
    check_discretion(job_key, job, plan.parameters)
    return replace(plan, warnings=(*left_out, *volumes_in(_paths(plan))))


def _paths(plan: Plan) -> dict[str, str]:
    """Return the values that name a place by themselves: of the job's parameters and of its tasks' own."""
    own = {
        f"task {task.task_key}: {name}": value
        for task, body, _ in cell_tasks(plan.job)
        for name, value in body.cells_values.items()
    }
    return {**{f"parameter {name}": value for name, value in plan.parameters.items()}, **own}


def chosen_keys(bundle: Bundle, job_key: str, only: tuple[str, ...]) -> set[str] | None:
    """Return the tasks that `--only` chooses, None where it says nothing: all.

    Raises: UsageError for an unknown job and a name that no task has.
    """
    return chosen(Graph(bundle.outline(job_key)), only) if only else None


def _check_inner_jobs(bundle: Bundle, job: Job, occasion: Occasion) -> None:
    for key, inner in job_runs(job):
        _choose(bundle.job(inner.job_id), inner.job_id, inner.job_parameters, f"task {key}")
        prepare(bundle, inner.job_id, dict.fromkeys(inner.job_parameters, ""), (), occasion.inner)


def _known(plan: Plan) -> dict[str, object]:
    """Return what a job parameter may refer to: all of the run but its parameters."""
    return {**plan.facts, "job": {name: fact for name, fact in plan.job_facts.items() if name != "parameters"}}


def _settled(job: Job, graph: Graph) -> dict[str, TaskRecord]:
    out = {
        task.task_key: replace(task_record(task), state=ResultState.EXCLUDED, message="not chosen")
        for task in job.tasks
        if task.task_key not in graph.tasks
    }
    off = {
        task.task_key: replace(task_record(task), state=ResultState.DISABLED, message="disabled: true")
        for task in graph.tasks.values()
        if task.disabled
    }
    return {**out, **off}


def task_record(task: Task) -> TaskRecord:
    """Return the record of a task that is yet to run."""
    before = {dependency.task_key: dependency.outcome for dependency in task.depends_on}
    return TaskRecord(task.task_key, task.kind, depends_on=before, run_if=str(task.run_if))


def new_run_id(moment: datetime) -> str:
    """Return an id that sorts by time and is used only once."""
    return f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def _choose(job: Job, job_key: str, given: Mapping[str, str], said_by: str = "--params") -> dict[str, str]:
    declared = {parameter.name: parameter.default for parameter in job.parameters}
    for name in given:
        if name not in declared:
            hint = did_you_mean(name, declared)
            raise ParameterError(f"{said_by} {name}: job {job_key} has no such parameter{hint}; nothing was started")
    return {**declared, **given}


def cell_tasks(job: Job) -> Iterator[tuple[Task, Task, str]]:
    """Yield each task that a kernel runs, with its body, which may be the one inside for_each, and the body's file."""
    for task in job.tasks:
        body = task.for_each_task.task if task.for_each_task else task
        if body.cells_file:
            yield task, body, body.cells_file


def _read_notebooks(job: Job, names: set[str]) -> Iterator[tuple[str, NotebookFile]]:
    for task, body, path in cell_tasks(job):
        try:
            notebook = read_notebook(Path(path))
        except BundleError as error:
            raise BundleError(f"task {task.task_key}: {error}") from None
        notebook.check_values(names, set(body.cells_values), task.task_key)
        yield path, notebook
