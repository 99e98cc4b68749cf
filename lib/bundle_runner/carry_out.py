"""What each kind of task does: run a notebook, compare, or repeat for each element of a list."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bundle_runner.attempts import Work, Workshop
from bundle_runner.conditions import evaluate
from bundle_runner.errors import RunError
from bundle_runner.lineup import place_of
from bundle_runner.model import ConditionTask, ForEachTask, RunJobTask, Task
from bundle_runner.observer import Observer
from bundle_runner.plan import Plan
from bundle_runner.record import AttemptRecord, RunRecord, TaskRecord, now
from bundle_runner.references import resolve
from bundle_runner.states import ResultState
from bundle_runner.stopper import Stopper, within

STOPPED = 3
"""The exit code of a run whose root failures are deliberate stops."""
Call = Callable[[str, Mapping[str, str], Stopper], RunRecord]
"""Runs another job with these parameters and returns its record."""
Note = Callable[[TaskRecord], None]
"""Hears of every step of a task."""


@dataclass(frozen=True)
class Step:
    """One notebook of a task: its body in the job file, what its references mean, its folder."""

    body: Task
    facts: Mapping[str, Any]
    folder: Path


@dataclass(frozen=True)
class TaskRun:
    """One task of a run, together with what had ended when it started."""

    plan: Plan
    task: Task
    ended: Mapping[str, TaskRecord]
    workshop: Workshop
    observer: Observer
    stopper: Stopper
    call: Call

    def carry_out(self, record: TaskRecord, note: Note) -> TaskRecord:
        """Do what the task's kind demands and return its finished record; `note` hears of every step.

        Raises: RunnerError when it cannot be done.
        """
        if self.task.condition_task:
            return _compared(record, self.task.condition_task, self._facts)
        if self.task.for_each_task:
            with within(self.stopper, self.task.timeout_seconds, self.task.task_key) as limit:
                return self._for_each(self.task.for_each_task, record, limit, note)
        if self.task.run_job_task:
            with within(self.stopper, self.task.timeout_seconds, self.task.task_key) as limit:
                return self._run_job(self.task.run_job_task, record, limit)
        return self._notebook(Step(self.task, self._facts, self._folder), record, self.stopper, note)

    def _run_job(self, called: RunJobTask, record: TaskRecord, stopper: Stopper) -> TaskRecord:
        """Run another job; its run is told as the one attempt of this task."""
        given = {name: resolve(text, self._facts) for name, text in called.job_parameters.items()}
        run = self.call(called.job_id, given, stopper)
        state = ResultState.SUCCESS if run.exit_code == 0 else stopper.state or ResultState.FAILED
        told = {"books": list(run.books), "records": f"run {run.run_id}", "report": bool(run.report)}
        page = f"../{run.run_id}/{run.report or 'index.html'}"
        message = "" if state is ResultState.SUCCESS else f"run {run.run_id} of job {run.job}: {run.state}"
        stopped = run.exit_code == STOPPED
        attempt = AttemptRecord(1, run.started_at, state, run.ended_at, message, stopped, html=page, values=told)
        return replace(record, attempts=(attempt,), state=state, message=message, stopped=stopped)

    @property
    def _facts(self) -> dict[str, Any]:
        run_id = self.plan.run_id
        tasks = {key: _task_facts(key, ended, run_id) for key, ended in self.ended.items()}
        own = {"name": self.task.task_key, "run_id": f"{run_id}.{self.task.task_key}", "execution_count": "1"}
        return {"job": self.plan.job_facts, "task": own, "tasks": tasks}

    @property
    def _folder(self) -> Path:
        return self.plan.folder / "tasks" / self.task.task_key

    def _for_each(self, loop: ForEachTask, record: TaskRecord, stopper: Stopper, note: Note) -> TaskRecord:
        facts, lock = self._facts, threading.Lock()
        inputs = _inputs(resolve(loop.inputs, facts))
        parts = [
            TaskRecord(f"{record.task_key}[{_label(value, i)}]", "notebook", input=value)
            for i, value in enumerate(inputs)
        ]

        def put(index: int, part: TaskRecord) -> None:
            with lock:
                parts[index] = part
                note(replace(record, iterations=tuple(parts)))

        def iterate(index: int) -> None:
            part = replace(parts[index], started_at=now())
            self.observer.started(part)
            step = Step(loop.task, {**facts, "input": part.input}, self._folder / str(index))
            part = self._notebook(step, part, stopper, lambda seen: put(index, seen))
            part = replace(part, ended_at=now())
            put(index, part)
            self.observer.ended(part)

        with ThreadPoolExecutor(loop.concurrency, thread_name_prefix=record.task_key) as pool:
            list(pool.map(iterate, range(len(parts))))
        return _summed(replace(record, iterations=tuple(parts)), stopper)

    def _notebook(self, step: Step, record: TaskRecord, stopper: Stopper, note: Note) -> TaskRecord:
        body, facts = step.body, step.facts
        if body.notebook_task is None:
            raise RunError(f"task {record.task_key} has no notebook")
        base = body.notebook_task.base_parameters

        def values(number: int) -> dict[str, str]:
            here = {**facts, "task": {**facts["task"], "execution_count": str(number)}}
            return {**{name: resolve(text, here) for name, text in base.items()}, **self.plan.parameters}

        def hear(attempts: tuple[AttemptRecord, ...]) -> None:
            note(replace(record, attempts=attempts))
            if attempts[-1].state is None and len(attempts) > 1:
                self.observer.retried(replace(record, attempts=attempts))

        work = Work(
            name=f"{self.plan.run_id}.{record.task_key}",
            body=body,
            place=place_of(self.plan, self.task, body, body.notebook_task.notebook_path),
            values=values,
            folder=step.folder,
            upstream={key: ended.values for key, ended in self.ended.items()},
        )
        attempts = self.workshop.run(work, stopper, hear)
        last = attempts[-1]
        return replace(record, attempts=attempts, state=last.state, message=last.message, stopped=last.stopped)


def _compared(record: TaskRecord, condition: ConditionTask, facts: Mapping[str, Any]) -> TaskRecord:
    left, right = resolve(condition.left, facts), resolve(condition.right, facts)
    outcome = "true" if evaluate(condition.op, left, right) else "false"
    return replace(record, state=ResultState.SUCCESS, outcome=outcome, message=f"{left} {condition.op} {right}")


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


def _label(value: object, index: int) -> str:
    return value if isinstance(value, str) and 0 < len(value) <= 40 else str(index)


def _summed(record: TaskRecord, stopper: Stopper) -> TaskRecord:
    """Return the for_each task as its iterations make it: red when one of them is."""
    bad = [part for part in record.iterations if part.state is not ResultState.SUCCESS]
    if not bad:
        return replace(record, state=ResultState.SUCCESS)
    if stopper.state:
        return replace(record, state=stopper.state, message=stopper.reason)
    message = f"{len(bad)} of {len(record.iterations)} iterations failed; {bad[0].task_key}: {bad[0].message}"
    return replace(record, state=ResultState.FAILED, message=message, stopped=all(part.stopped for part in bad))
