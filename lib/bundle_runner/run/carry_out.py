"""What each kind of task does: run a notebook, a program or a job, compare, or repeat for each element of a list."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from bundle_runner.bundle.references import resolve
from bundle_runner.errors import RunError
from bundle_runner.launch.stopper import Stopper, within
from bundle_runner.model import ConditionTask, ForEachTask, RunJobTask, Task
from bundle_runner.plan.launchable import words_of
from bundle_runner.plan.prepare import Plan, prepare
from bundle_runner.record.observer import Observer, Within
from bundle_runner.record.records import AttemptRecord, RunRecord, TaskRecord, now
from bundle_runner.run.attempts import Workshop
from bundle_runner.run.conditions import evaluate
from bundle_runner.run.lineup import place_of
from bundle_runner.run.task_facts import facts_for
from bundle_runner.run.work import Notebook, Program, Work, cluster_of
from bundle_runner.states import FAILURES, ResultState

STOPPED = 3
"""The exit code of a run whose root failures are deliberate stops."""
Call = Callable[[Plan, Observer, Stopper], RunRecord]
"""Runs another job, watched, until it ends or is stopped."""
Note = Callable[[TaskRecord], None]
"""Hears of every step of a task."""


@dataclass(frozen=True)
class Step:
    """One notebook or program of a task: its body in the job file, what its references mean, its folder."""

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
        return self._done(Step(self.task, self._facts, self._folder), record, self.stopper, note)

    @property
    def _facts(self) -> dict[str, Any]:
        return facts_for(self.plan, self.task, self.ended)

    @property
    def _folder(self) -> Path:
        return self.plan.folder / "tasks" / self.task.task_key

    @property
    def _loop_folder(self) -> Path:
        """Return where iterations keep their attempts: a repaired loop begins anew, and its list may be another."""
        count = self.plan.repair_count
        return self._folder / f"repair_{count}" if count else self._folder

    def parts(self, loop: ForEachTask, record: TaskRecord) -> tuple[TaskRecord, ...]:
        """Return the iterations of a loop before they start, with what those of the same input attempted before.

        Raises: RunError when its inputs are no JSON list.
        """
        inputs, before = _inputs(resolve(loop.inputs, self._facts)), list(record.iterations)
        return tuple(
            TaskRecord(
                f"{record.task_key}[{_label(value, i)}]", loop.task.kind, input=value, attempts=_taken(before, value)
            )
            for i, value in enumerate(inputs)
        )

    def iterate(self, body: Task, index: int, part: TaskRecord, stopper: Stopper, note: Note) -> TaskRecord:
        """Bring one iteration to its end; `note` hears of every step. After a stop none begins any more."""
        if stopper.state:
            part = replace(part, state=stopper.state, message=f"not started: {stopper.reason}")
            note(part)
            return part
        part = replace(part, started_at=now())
        self.observer.started(part)
        step = Step(body, {**self._facts, "input": part.input}, self._loop_folder / str(index))
        part = replace(self._done(step, part, stopper, note), ended_at=now())
        note(part)
        self.observer.ended(part)
        return part

    def _for_each(self, loop: ForEachTask, record: TaskRecord, stopper: Stopper, note: Note) -> TaskRecord:
        lock, parts = threading.Lock(), list(self.parts(loop, record))

        def put(index: int, part: TaskRecord) -> None:
            with lock:
                parts[index] = part
                note(replace(record, iterations=tuple(parts)))

        def iterate(index: int) -> None:
            self.iterate(loop.task, index, parts[index], stopper, lambda seen: put(index, seen))

        with ThreadPoolExecutor(loop.concurrency, thread_name_prefix=record.task_key) as pool:
            list(pool.map(iterate, range(len(parts))))
        return summed(replace(record, iterations=tuple(parts)), stopper)

    def _done(self, step: Step, record: TaskRecord, stopper: Stopper, note: Note) -> TaskRecord:
        if not step.body.run_job_task:
            return self._attempted(step, record, stopper, note)
        with within(stopper, step.body.timeout_seconds, record.task_key) as limit:
            return self._ran(step.body.run_job_task, step.facts, record, limit)

    def _ran(self, called: RunJobTask, facts: Mapping[str, Any], record: TaskRecord, stopper: Stopper) -> TaskRecord:
        """Run another job as a run of its own; it is told as one attempt of this task."""
        own = {name: resolve(text, facts) for name, text in called.job_parameters.items()}
        declared = {parameter.name for parameter in self.plan.bundle.job(called.job_id).parameters}
        values = {**{name: text for name, text in self.plan.parameters.items() if name in declared}, **own}
        plan = prepare(self.plan.bundle, called.job_id, values, (), self.plan.occasion.inner)
        plan = replace(plan, parent=f"{self.plan.run_id}.{record.task_key}")
        run = self.call(plan, Within(self.observer, record.task_key), stopper)
        attempt = _called(run, len(record.attempts) + 1, stopper)
        return replace(
            record,
            attempts=(*record.attempts, attempt),
            state=attempt.state,
            message=attempt.message,
            stopped=attempt.stopped,
            run_id=run.run_id,
        )

    def _attempted(self, step: Step, record: TaskRecord, stopper: Stopper, note: Note) -> TaskRecord:
        def hear(attempts: tuple[AttemptRecord, ...]) -> None:
            note(replace(record, attempts=attempts))
            if attempts[-1].state is None and len(attempts) > len(record.attempts) + 1:
                self.observer.retried(replace(record, attempts=attempts))

        work = Work(
            name=f"{self.plan.run_id}.{record.task_key}",
            body=step.body,
            start=lambda number: self._start(step, number),
            folder=step.folder,
            upstream={key: ended.values for key, ended in self.ended.items()},
            earlier=record.attempts,
        )
        attempts = self.workshop.run(work, stopper, hear)
        last = attempts[-1]
        return replace(record, attempts=attempts, state=last.state, message=last.message, stopped=last.stopped)

    def _start(self, step: Step, number: int) -> Notebook | Program:
        body, plan = step.body, self.plan
        facts = {**step.facts, "task": {**step.facts["task"], "execution_count": str(number)}}
        words = words_of(body, facts, plan.parameters)
        if words:
            home = Path(words[1]).parent if body.spark_python_task else plan.bundle.folder
            return Program(words, home, cluster_of(self.task, body, plan.job))
        if body.cells_file is None:
            raise RunError(f"task {body.task_key} is a {body.kind} task and cannot stand here")
        values = {name: resolve(text, facts) for name, text in body.cells_values.items()}
        return Notebook(place_of(plan, self.task, body, body.cells_file), {**values, **plan.parameters})


def _called(run: RunRecord, number: int, stopper: Stopper) -> AttemptRecord:
    state = ResultState.SUCCESS if run.exit_code == 0 else stopper.state or ResultState.FAILED
    told = {"books": list(run.books), "report": bool(run.report)}
    page = f"../{run.run_id}/{run.report or 'index.html'}"
    roots = (task for task in run.tasks if task.state in FAILURES and task.state is not ResultState.UPSTREAM_FAILED)
    why = "; ".join(f"{task.task_key}: {task.message}" for task in islice(roots, 1))
    words = f"run {run.run_id} of job {run.job}: {run.state}{'; ' if why else ''}{why}"
    message = "" if state is ResultState.SUCCESS else words
    stopped = run.exit_code == STOPPED
    return AttemptRecord(number, run.started_at, state, run.ended_at, message, stopped, html=page, values=told)


def _compared(record: TaskRecord, condition: ConditionTask, facts: Mapping[str, Any]) -> TaskRecord:
    left, right = resolve(condition.left, facts), resolve(condition.right, facts)
    outcome = "true" if evaluate(condition.op, left, right) else "false"
    return replace(record, state=ResultState.SUCCESS, outcome=outcome, message=f"{left} {condition.op} {right}")


def _inputs(text: str) -> list[Any]:
    try:
        inputs = json.loads(text)
    except ValueError:
        inputs = None
    if not isinstance(inputs, list):
        raise RunError(f"for_each inputs: expected a JSON list, got {text[:80]!r}")
    return inputs


def _taken(before: list[TaskRecord], value: object) -> tuple[AttemptRecord, ...]:
    """Take the first earlier turn of an input off the list, and return its attempts."""
    found = next((i for i, part in enumerate(before) if json.dumps(part.input) == json.dumps(value)), None)
    return () if found is None else before.pop(found).attempts


def _label(value: object, index: int) -> str:
    return value if isinstance(value, str) and 0 < len(value) <= 40 else str(index)


def summed(record: TaskRecord, stopper: Stopper) -> TaskRecord:
    """Return the for_each task as its iterations make it: red when one of them is."""
    bad = [part for part in record.iterations if part.state is not ResultState.SUCCESS]
    if not bad:
        return replace(record, state=ResultState.SUCCESS)
    if stopper.state:
        return replace(record, state=stopper.state, message=stopper.reason)
    message = f"{len(bad)} of {len(record.iterations)} iterations failed; {bad[0].task_key}: {bad[0].message}"
    return replace(record, state=ResultState.FAILED, message=message, stopped=all(part.stopped for part in bad))
