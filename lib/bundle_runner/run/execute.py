"""The run loop: start what is ready, side by side, until every task of the job has ended."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bundle_runner.errors import CheckError, RunnerError
from bundle_runner.launch.spares import LIMIT
from bundle_runner.launch.stopper import Stopper, within
from bundle_runner.model import Job, Task
from bundle_runner.plan.checks import findings
from bundle_runner.plan.graph import Graph
from bundle_runner.plan.prepare import Plan, task_record
from bundle_runner.record.journal import Journal, lineage_url
from bundle_runner.record.observer import Observer
from bundle_runner.record.records import RunRecord, TaskRecord, now, written
from bundle_runner.run.attempts import Workshop
from bundle_runner.run.carry_out import TaskRun
from bundle_runner.run.health import warned_after
from bundle_runner.run.holds import take_holds
from bundle_runner.run.lineup import line_up, open_places
from bundle_runner.run.notices import Notices, Subject, Teller
from bundle_runner.run.run_if import End, verdict
from bundle_runner.run.senders import Routes
from bundle_runner.run.turns import take_turn
from bundle_runner.spark.cluster import Clusters
from bundle_runner.spark.jvm import spark_environment
from bundle_runner.states import CANCELS, FAILURES, ResultState, run_state

KERNELS = max(4, os.cpu_count() or 1)
POLL_SECONDS = 0.1


Publish = Callable[[RunRecord, Path], None]
"""Writes the page of a run that has ended into its folder."""


class Run:
    """One run of a planned job. Setting `interrupted` cancels it; `lasting` clusters outlive it.

    `held` is what its tasks' environment tells of what the project holds for it.
    """

    def __init__(
        self,
        plan: Plan,
        observer: Observer,
        lasting: Clusters | None = None,
        publish: Publish | None = None,
        held: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.plan = plan
        self._held = held
        self.interrupted = threading.Event()
        self._publish: Publish = publish or (lambda *_: None)
        self._observer = observer
        self._done: queue.SimpleQueue[TaskRecord] = queue.SimpleQueue()
        self._records: dict[str, TaskRecord] = dict(plan.settled)
        plan.folder.mkdir(parents=True, exist_ok=plan.earlier is not None)
        self._journal = Journal(plan.folder, first_record(plan), lineage_url(plan.bundle))
        self._workshop = workshop(plan, lasting, held)
        self._notices = Notices(plan.folder, Routes.of(os.environ), self._warn)
        self._teller = self._teller_of(plan.job)

    def execute(self, parent: Stopper | None = None) -> RunRecord:
        """Run every task and return the finished record; it ends with what `parent` stops, too."""
        stopper = Stopper(parent)
        self._teller.started()
        for words in self.plan.warnings:
            self._warn(words)
        try:
            with (
                within(stopper, self.plan.job.timeout_seconds, "the run") as limit,
                warned_after(self.plan.job.health, f"job {self.plan.job_key}", self._too_long(self._teller)),
            ):
                self._loop(limit)
                stopped_by = limit.state
        finally:
            stopper.stop(ResultState.CANCELED, "the run broke off")  # where the loop failed, nothing may go on
            problems = self._workshop.close()
        record = self._close(stopped_by if self._cut_short() else None, problems)
        self._publish(record, self.plan.folder)
        return record

    def _call(self, plan: Plan, observer: Observer, stopper: Stopper) -> RunRecord:
        return run_in_turn(plan, observer, stopper, self._publish, self._held)

    def _warn(self, words: str) -> None:
        self._journal.warn(words)
        self._observer.warned(words)

    def _too_long(self, teller: Teller) -> Callable[[str], None]:
        def warn(words: str) -> None:
            self._warn(words)
            teller.warned(words)

        return warn

    def _teller_of(self, told: Job | Task, attempts: int = 0) -> Teller:
        task = told.task_key if isinstance(told, Task) else None
        subject = Subject(self.plan.run_id, self.plan.job_key, self.plan.job_name, task)
        return Teller(self._notices, told, subject, attempts)

    def _cut_short(self) -> bool:
        return any(record.state in CANCELS | {ResultState.TIMEDOUT} for record in self._records.values())

    def _loop(self, stopper: Stopper) -> None:
        started = set(self.plan.settled)
        for record in () if self.plan.earlier else self.plan.settled.values():
            self._observer.ended(record)
        while self.plan.graph.tasks.keys() - self._records.keys():
            ends = {key: end_of(record) for key, record in self._records.items()}
            ready = self.plan.graph.ready(ends, started)
            started.update(ready)
            self._expect(started)
            for key in ready:
                self._start(self.plan.graph.tasks[key], ends, stopper)
            self._hear(stopper)

    def _expect(self, started: set[str]) -> None:
        """Let kernels be prepared for what comes next."""
        records = {record.task_key: record for record in self._journal.record.tasks}
        coming = islice(line_up(self.plan, records, started), LIMIT)
        self._workshop.expect(coming, open_places(self.plan, self._records.keys()))

    def _hear(self, stopper: Stopper) -> None:
        if self.interrupted.is_set():
            stopper.stop(ResultState.CANCELED, "the run was canceled")
        try:
            record = self._done.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return
        self._records[record.task_key] = record
        self._journal.put(record)
        self._observer.ended(record)

    def _start(self, task: Task, ends: Mapping[str, End], stopper: Stopper) -> None:
        state = ResultState.CANCELED if stopper.state else verdict(task, ends)
        record = next(one for one in self._journal.record.tasks if one.task_key == task.task_key)
        if state is not None:
            message = stopper.reason or because(task, ends)
            if not stopper.state:
                self._teller_of(task).ended(state, message)
            self._done.put(replace(record, state=state, message=message))
            return
        record = replace(record, started_at=now())
        self._journal.put(record)
        self._observer.started(record)
        work = TaskRun(self.plan, task, dict(self._records), self._workshop, self._observer, stopper, self._call)
        threading.Thread(target=self._carry_out, args=(work, record), name=task.task_key).start()

    def _carry_out(self, work: TaskRun, record: TaskRecord) -> None:
        teller = self._teller_of(work.task, len(record.attempts))

        def note(step: TaskRecord) -> None:
            self._journal.put(step)
            teller.heard(step)

        teller.started()
        try:
            with warned_after(work.task.health, f"task {record.task_key}", self._too_long(teller)):
                record = work.carry_out(record, note)
        except RunnerError as error:
            record = replace(record, state=ResultState.FAILED, message=str(error))
        except Exception as error:  # noqa: BLE001 the loop waits for this task: a mistake of ours must not hang it
            message = f"the runner failed: {type(error).__name__}: {error}"
            record = replace(record, state=ResultState.FAILED, message=message)
        teller.ended(record.state or ResultState.FAILED, record.message)
        self._done.put(replace(record, ended_at=now()))

    def _close(self, stopped_by: ResultState | None, problems: list[str]) -> RunRecord:
        facts = summary(self.plan.graph, self._records, stopped_by)
        self._teller.ended(facts["state"])
        self._notices.close()
        return self._journal.close(ended_at=now(), message="; ".join(problems), **facts)


def workshop(plan: Plan, lasting: Clusters | None = None, held: Mapping[str, str] = MappingProxyType({})) -> Workshop:
    """Open the workshop of a run, in which its attempts find this environment's Spark and what the run holds."""
    environment = {**spark_environment(os.environ), "BUNDLE_RUN_ID": plan.run_id, "PYTHONHASHSEED": "0", **held}
    environment["BUNDLE_DBFS"] = str(plan.root / "dbfs")
    return Workshop(plan.folder, environment, KERNELS, lasting)


def run_in_turn(
    plan: Plan,
    observer: Observer,
    stopper: Stopper,
    publish: Publish,
    held: Mapping[str, str] = MappingProxyType({}),
) -> RunRecord:
    """Run a job that another one runs, when it is its turn; what stops the task stops that run.

    Raises: CheckError for what the project finds wrong, BusyError when the waiting was stopped.
    """
    if found := findings(plan.parameters):
        raise CheckError("; ".join(found))

    def wait(_: str) -> bool:
        return stopper.wait(POLL_SECONDS)

    with take_holds(plan, held, wait) as ours, take_turn(plan, wait):
        return Run(plan, observer, publish=publish, held=ours).execute(stopper)


def summary(graph: Graph, records: Mapping[str, TaskRecord], stopped_by: ResultState | None = None) -> dict[str, Any]:
    """Return what run.json says of a run whose tasks have all ended: state, exit code, books, report."""
    states = {key: end_of(record).state for key, record in records.items()}
    state = stopped_by or run_state([states[key] for key in graph.leaves], states.values())
    return {
        "state": state,
        "exit_code": exit_code(state, graph, records),
        "books": tuple(line for record in records.values() for line in _books(record)),
        "report": _report(records.values()),
    }


def exit_code(state: ResultState, graph: Graph, records: Mapping[str, TaskRecord]) -> int:
    """Return 0, 1, 3 when every root failure is a deliberate stop, or 130 for a canceled run."""
    if state in CANCELS:
        return 130
    failed = {key for key, record in records.items() if record.state in FAILURES}
    roots = [key for key in failed if not graph.upstream(key) & failed]
    if not failed and state not in FAILURES:
        return 0
    return 3 if roots and all(records[key].stopped for key in roots) else 1


def end_of(record: TaskRecord) -> End:
    """Return how a task ended, as the rules of its followers see it."""
    return End(record.state or ResultState.FAILED, record.outcome)


def first_record(plan: Plan) -> RunRecord:
    """Return what run.json says before anything has started."""
    tasks = tuple(plan.settled.get(task.task_key) or _fresh(task, plan.earlier) for task in plan.job.tasks)
    return RunRecord(
        run_id=plan.run_id,
        bundle=plan.bundle.name,
        target=plan.bundle.target,
        job=plan.job_key,
        job_name=plan.job_name,
        parameters=dict(plan.parameters),
        started_at=written(plan.started),
        only=plan.only,
        parent=plan.parent or (plan.earlier.parent if plan.earlier else None),
        repair_count=plan.repair_count,
        repaired_at=now() if plan.earlier else None,
        tasks=tasks,
        occasion=plan.occasion,
    )


def _fresh(task: Task, earlier: RunRecord | None) -> TaskRecord:
    """Return a task that is yet to run, with what it and its turns attempted before a repair."""
    before = next((one for one in earlier.tasks if one.task_key == task.task_key), None) if earlier else None
    fresh = task_record(task)
    return replace(fresh, attempts=before.attempts, iterations=before.iterations) if before else fresh


def because(task: Task, ends: Mapping[str, End]) -> str:
    """Say why a task was not run."""
    ended = [(dependency.task_key, ends[dependency.task_key]) for dependency in task.depends_on]
    return "not run: " + ", ".join(f"{key} {end.outcome or end.state}" for key, end in ended)


def _books(record: TaskRecord) -> list[str]:
    found = record.values.get("books", [])
    return [str(line) for line in found] if isinstance(found, list) else [str(found)]


def _report(records: Collection[TaskRecord]) -> str | None:
    pages = [record.attempts[-1].html for record in records if record.values.get("report")]
    return pages[-1] if pages else None
