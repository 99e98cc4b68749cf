"""The run loop: start what is ready, side by side and bounded, until every task of the job has ended."""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from bundle_runner.attempts import Work, Workshop, cluster_of
from bundle_runner.conditions import evaluate
from bundle_runner.errors import RunError, RunnerError
from bundle_runner.graph import End, verdict
from bundle_runner.jvm import spark_environment
from bundle_runner.model import ForEachTask, Task
from bundle_runner.plan import Plan
from bundle_runner.record import AttemptRecord, Journal, RunRecord, TaskRecord, now
from bundle_runner.references import resolve
from bundle_runner.states import CANCELS, FAILURES, ResultState, run_state
from bundle_runner.stopper import Stopper, within

KERNELS = max(4, os.cpu_count() or 1)
POLL_SECONDS = 0.1


class Observer(Protocol):
    """Someone who watches the run; told from several threads."""

    def started(self, task: TaskRecord) -> None:
        """Hear that a task or an iteration started."""

    def retried(self, task: TaskRecord) -> None:
        """Hear that an attempt failed and another one follows."""

    def ended(self, task: TaskRecord) -> None:
        """Hear how a task or an iteration ended."""


class Run:
    """One run of a planned job."""

    def __init__(self, plan: Plan, observer: Observer) -> None:
        self.plan = plan
        self.interrupted = threading.Event()
        self._observer = observer
        self._stopper = Stopper()
        self._done: queue.SimpleQueue[TaskRecord] = queue.SimpleQueue()
        self._records: dict[str, TaskRecord] = {}
        plan.folder.mkdir(parents=True)
        self._journal = Journal(plan.folder, _first_record(plan))
        self._workshop = Workshop(plan.folder, _environment(plan), KERNELS)

    def execute(self) -> RunRecord:
        """Run every task and return the finished record."""
        try:
            with within(self._stopper, self.plan.job.timeout_seconds) as limit:
                self._loop(limit)
                stopped_by = limit.state
        finally:
            self._workshop.close()
        return self._close(stopped_by)

    def _loop(self, stopper: Stopper) -> None:
        started: set[str] = set()
        while len(self._records) < len(self.plan.graph.tasks):
            ends = {key: End(record.state or ResultState.FAILED, record.outcome) for key, record in self._records.items()}
            for key in self.plan.graph.ready(ends, started):
                started.add(key)
                self._start(self.plan.graph.tasks[key], ends, stopper)
            self._hear(stopper)

    def _hear(self, stopper: Stopper) -> None:
        if self.interrupted.is_set():
            stopper.stop(ResultState.CANCELED)
        try:
            record = self._done.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return
        self._records[record.task_key] = record
        self._journal.put(record)
        self._observer.ended(record)

    def _start(self, task: Task, ends: Mapping[str, End], stopper: Stopper) -> None:
        state = ResultState.CANCELED if stopper.state else verdict(task, ends)
        record = TaskRecord(task.task_key, task.kind)
        if state is not None:
            self._done.put(replace(record, state=state, message=_because(task, ends, state)))
            return
        record = replace(record, started_at=now())
        self._journal.put(record)
        self._observer.started(record)
        threading.Thread(target=self._carry_out, args=(task, record, stopper), name=task.task_key).start()

    def _carry_out(self, task: Task, record: TaskRecord, stopper: Stopper) -> None:
        try:
            record = self._by_kind(task, record, stopper)
        except RunnerError as error:
            record = replace(record, state=ResultState.FAILED, message=str(error))
        except Exception as error:  # a mistake of the runner must not hang the loop that waits for this task
            record = replace(record, state=ResultState.FAILED, message=f"the runner failed: {type(error).__name__}: {error}")
        self._done.put(replace(record, ended_at=now()))

    def _by_kind(self, task: Task, record: TaskRecord, stopper: Stopper) -> TaskRecord:
        facts = self._facts(task)
        if task.condition_task:
            sides = resolve(task.condition_task.left, facts), resolve(task.condition_task.right, facts)
            outcome = evaluate(task.condition_task.op, *sides)
            message = f"{sides[0]} {task.condition_task.op} {sides[1]}"
            return replace(record, state=ResultState.SUCCESS, outcome=json.dumps(outcome), message=message)
        if task.for_each_task:
            with within(stopper, task.timeout_seconds) as limit:
                return self._for_each(task, task.for_each_task, record, facts, limit)
        return self._notebook(task, task, record, facts, self._task_folder(task), stopper)

    def _for_each(
        self, task: Task, loop: ForEachTask, record: TaskRecord, facts: dict[str, Any], stopper: Stopper
    ) -> TaskRecord:
        inputs = _inputs(resolve(loop.inputs, facts))
        parts = [TaskRecord(f"{task.task_key}[{_label(value, index)}]", "notebook", input=value) for index, value in enumerate(inputs)]
        lock = threading.Lock()

        def iterate(index: int) -> None:
            part = replace(parts[index], started_at=now())
            self._observer.started(part)
            folder = self._task_folder(task) / str(index)
            if stopper.state:
                part = replace(part, state=stopper.state)
            else:
                part = self._notebook(task, loop.task, part, {**facts, "input": part.input}, folder, stopper)
            part = replace(part, ended_at=now())
            with lock:
                parts[index] = part
                self._journal.put(replace(record, iterations=tuple(parts)))
            self._observer.ended(part)

        with ThreadPoolExecutor(loop.concurrency, thread_name_prefix=task.task_key) as pool:
            list(pool.map(iterate, range(len(parts))))
        return _summed(replace(record, iterations=tuple(parts)), stopper.state)

    def _notebook(
        self, task: Task, body: Task, record: TaskRecord, facts: dict[str, Any], folder: Path, stopper: Stopper
    ) -> TaskRecord:
        if body.notebook_task is None:
            raise RunError(f"task {record.task_key} has no notebook")
        base = body.notebook_task.base_parameters

        def values(number: int) -> dict[str, str]:
            here = {**facts, "task": {**facts["task"], "execution_count": str(number)}}
            return {**{name: resolve(text, here) for name, text in base.items()}, **self.plan.parameters}

        def note(attempts: tuple[AttemptRecord, ...]) -> None:
            if record.input is None:
                self._journal.put(replace(record, attempts=attempts))
            if attempts[-1].state is None and len(attempts) > 1:
                self._observer.retried(replace(record, attempts=attempts))

        work = Work(
            name=f"{self.plan.run_id}.{record.task_key}",
            body=body,
            notebook=self.plan.notebooks[body.notebook_task.notebook_path],
            values=values,
            folder=folder,
            cluster=cluster_of(task, body, self.plan.job),
            upstream={key: ended.values for key, ended in self._records.items()},
        )
        attempts = self._workshop.run(work, stopper, note)
        last = attempts[-1]
        return replace(record, attempts=attempts, state=last.state, message=last.message, stopped=last.stopped)

    def _facts(self, task: Task) -> dict[str, Any]:
        tasks = {key: _task_facts(key, ended, self.plan.run_id) for key, ended in self._records.items()}
        own = {"name": task.task_key, "run_id": f"{self.plan.run_id}.{task.task_key}", "execution_count": "1"}
        return {"job": self.plan.job_facts, "task": own, "tasks": tasks}

    def _task_folder(self, task: Task) -> Path:
        return self.plan.folder / "tasks" / task.task_key

    def _close(self, stopped_by: ResultState | None) -> RunRecord:
        records = self._records
        states = {key: record.state or ResultState.FAILED for key, record in records.items()}
        state = stopped_by or run_state([states[key] for key in self.plan.graph.leaves], states.values())
        return self._journal.close(
            state=state,
            ended_at=now(),
            exit_code=exit_code(state, self.plan, records),
            books=tuple(line for record in records.values() for line in _books(record)),
            report=_report(records.values()),
        )


def exit_code(state: ResultState, plan: Plan, records: Mapping[str, TaskRecord]) -> int:
    """Return 0, 1, 3 when every root failure is a deliberate stop, or 130 for a canceled run."""
    if state in CANCELS:
        return 130
    failed = {key for key, record in records.items() if record.state in FAILURES}
    roots = [key for key in failed if not plan.graph.upstream(key) & failed]
    if not failed and state not in FAILURES:
        return 0
    return 3 if roots and all(records[key].stopped for key in roots) else 1


def _first_record(plan: Plan) -> RunRecord:
    return RunRecord(
        run_id=plan.run_id,
        bundle=plan.bundle.name,
        target=plan.bundle.target,
        job=plan.job_key,
        job_name=plan.job_name,
        parameters=dict(plan.parameters),
        started_at=plan.started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        tasks=tuple(TaskRecord(task.task_key, task.kind) for task in plan.job.tasks),
    )


def _environment(plan: Plan) -> dict[str, str]:
    return {**spark_environment(os.environ), "BUNDLE_RUN_ID": plan.run_id, "PYTHONHASHSEED": "0"}


def _because(task: Task, ends: Mapping[str, End], state: ResultState) -> str:
    names = [f"{d.task_key} {ends[d.task_key].outcome or ends[d.task_key].state}" for d in task.depends_on]
    return "the run was stopped" if state is ResultState.CANCELED else "not run: " + ", ".join(names)


def _task_facts(key: str, record: TaskRecord, run_id: str) -> dict[str, Any]:
    return {
        "values": record.values,
        "result_state": (record.state or ResultState.FAILED).value.lower(),
        "run_id": f"{run_id}.{key}",
        "execution_count": str(len(record.attempts)),
    }


def _inputs(text: str) -> list[Any]:
    try:
        inputs = json.loads(text)
    except ValueError:
        inputs = None
    if not isinstance(inputs, list):
        raise RunError(f"for_each inputs: expected a JSON list, got {text[:80]!r}")
    return inputs


def _label(value: Any, index: int) -> str:
    return value if isinstance(value, str) and 0 < len(value) <= 40 else str(index)


def _summed(record: TaskRecord, stopped_by: ResultState | None) -> TaskRecord:
    """Return the for_each task as its iterations make it: red when one of them is."""
    bad = [part for part in record.iterations if part.state is not ResultState.SUCCESS]
    if stopped_by:
        return replace(record, state=stopped_by, message="stopped with iterations still open")
    if not bad:
        return replace(record, state=ResultState.SUCCESS)
    message = f"{len(bad)} of {len(record.iterations)} iterations failed; {bad[0].task_key}: {bad[0].message}"
    return replace(record, state=ResultState.FAILED, message=message, stopped=all(part.stopped for part in bad))


def _books(record: TaskRecord) -> list[str]:
    found = record.values.get("books", [])
    return [found] if isinstance(found, str) else [str(line) for line in found]


def _report(records: Any) -> str | None:
    for record in records:
        if record.values.get("report") and record.attempts[-1].html:
            return str(record.attempts[-1].html)
    return None
