"""A run that is handed on: another scheduler starts each task as a process of its own, all in one run folder.

The scheduler decides when a task starts and how often it is tried again. What a task means stays here: its parameters,
its references, its end mark, and by the same rules as in a run of ours whether it would run at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bundle_runner.bundle.load import Bundle
from bundle_runner.errors import CheckError, RunnerError, UsageError, did_you_mean
from bundle_runner.launch.stopper import Stopper
from bundle_runner.model import ForEachTask, Task
from bundle_runner.plan.checks import findings
from bundle_runner.plan.graph import Graph
from bundle_runner.plan.prepare import Plan, prepare, runs_folder
from bundle_runner.record.observer import Observer
from bundle_runner.record.records import RunRecord, TaskRecord, now, written
from bundle_runner.record.shared import SharedRecord, task_of, with_task
from bundle_runner.run.carry_out import TaskRun, summed
from bundle_runner.run.execute import Publish, because, end_of, first_record, run_in_turn, summary, workshop
from bundle_runner.run.health import warned_after
from bundle_runner.run.run_if import verdict
from bundle_runner.states import ResultState

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
"""It names a folder."""


def begin(bundle: Bundle, job: str, given: Mapping[str, str], run_id: str) -> RunRecord:
    """Check everything and open the run; one that began before is opened again and counts as repaired.

    Raises: UsageError and BundleError, before anything is started.
    """
    shared = _shared(bundle, run_id)
    if shared.exists:
        return shared.change(_reopened)
    first = RunRecord(run_id, bundle.name, bundle.target, job, job, dict(given), written(datetime.now(UTC)))
    plan = replace(prepare(bundle, job, given, (), first), earlier=None)
    if found := findings(plan.parameters):
        raise CheckError("\n".join([*found, "nothing was started"]))
    return shared.create(first_record(plan))


def _reopened(record: RunRecord) -> RunRecord:
    if record.ended_at is None:
        return record
    count = record.repair_count + 1
    return replace(record, state=None, ended_at=None, exit_code=None, repair_count=count, repaired_at=now())


@dataclass(frozen=True)
class Leg:
    """One task of such a run, and who watches it."""

    plan: Plan
    shared: SharedRecord
    observer: Observer
    publish: Publish

    def open_loop(self, key: str) -> TaskRecord:
        """Find out over what a loop goes, and return it with its iterations; with a state when there is nothing to do.

        Raises: UsageError for a task that is no loop.
        """
        task = self._task(key)
        if task.for_each_task is None:
            raise UsageError(f"task {key} is a {task.kind} task: it has no list of inputs; nothing was started")
        record = self._entered(task)
        if record.state is None:
            record = self._listed(task, task.for_each_task, record)
            self.shared.put(record)
        return record

    def perform(self, key: str, stopper: Stopper, index: int | None = None) -> TaskRecord:
        """Carry out one attempt of a task, or of one iteration of a loop, and return how it ended.

        A loop without an index is summed up: its iterations have ended.
        Raises: UsageError for a task or iteration that does not exist.
        """
        task = self._task(key)
        if task.for_each_task:
            return self._summed(task) if index is None else self._iterated(task, index, stopper)
        record = self._entered(task)
        if record.state is None:
            self.observer.started(record)
            record = replace(self._attempted(task, record, stopper), ended_at=now())
            self.shared.put(record)
        self.observer.ended(record)
        return record

    def end(self) -> RunRecord:
        """Close the run as its tasks ended; a task of which nothing was heard has failed."""
        graph = self.plan.graph
        record = self.shared.change(lambda found: settled(found, graph, graph.tasks))
        ended = {task.task_key: task for task in record.tasks}
        closed = self.shared.change(lambda found: replace(found, ended_at=now(), **summary(graph, ended)))
        self.publish(closed, self.plan.folder)
        return closed

    def _task(self, key: str) -> Task:
        if key not in self.plan.graph.tasks:
            hint = did_you_mean(key, self.plan.graph.tasks)
            raise UsageError(f"job {self.plan.job_key} has no task {key}{hint}; nothing was started")
        return self.plan.graph.tasks[key]

    def _entered(self, task: Task) -> TaskRecord:
        """Note that a task starts, or that by the ends above it does not; what hangs on it is open again."""
        graph, key = self.plan.graph, task.task_key

        def enter(record: RunRecord) -> RunRecord:
            record = settled(record, graph, graph.upstream(key))
            for follower in graph.downstream(key):
                record = with_task(record, _anew(task_of(record, follower)))
            ends = {one.task_key: end_of(one) for one in record.tasks if one.state}
            state = ResultState.DISABLED if task.disabled else verdict(task, ends)
            fresh = _anew(task_of(record, key))
            if state:
                return with_task(record, replace(fresh, state=state, message=because(task, ends)))
            return with_task(record, replace(fresh, started_at=now()))

        return task_of(self.shared.change(enter), key)

    def _attempted(self, task: Task, record: TaskRecord, stopper: Stopper) -> TaskRecord:
        work = self._work(_once(task), stopper)
        try:
            with warned_after(task.health, f"task {task.task_key}", self._warn):
                return work.carry_out(record, self.shared.put)
        except RunnerError as error:
            return replace(record, state=ResultState.FAILED, message=str(error))
        finally:
            work.workshop.close()

    def _iterated(self, task: Task, index: int, stopper: Stopper) -> TaskRecord:
        loop, key = task.for_each_task, task.task_key
        known = task_of(self.shared.read(), key).iterations
        if loop is None or index >= len(known):
            raise UsageError(f"task {key} has {len(known)} iterations, and none of number {index}; nothing was started")
        work = self._work(task, stopper)
        body, part = _once(loop.task), replace(_anew(known[index]), input=known[index].input)
        try:
            return work.iterate(body, index, part, stopper, lambda seen: self.shared.put_part(key, index, seen))
        except RunnerError as error:
            part = replace(part, state=ResultState.FAILED, ended_at=now(), message=str(error))
            self.shared.put_part(key, index, part)
            return part
        finally:
            work.workshop.close()

    def _listed(self, task: Task, loop: ForEachTask, record: TaskRecord) -> TaskRecord:
        work, before = self._work(task, Stopper()), record.iterations
        try:
            parts = work.parts(loop, record)
        except RunnerError as error:
            return replace(record, state=ResultState.FAILED, ended_at=now(), message=str(error), iterations=())
        finally:
            work.workshop.close()
        # A loop that is run once more goes on counting the attempts of its places.
        counted = [replace(part, attempts=old.attempts) for part, old in zip(parts, before, strict=False)]
        return replace(record, iterations=(*counted, *parts[len(counted) :]))

    def _summed(self, task: Task) -> TaskRecord:
        record = task_of(self.shared.read(), task.task_key)
        if not record.started_at and not record.state:
            record = self._entered(task)  # the scheduler did not open it: the ends above tell why
        if record.iterations or not record.state:
            parts = tuple(part if part.state else lost(part) for part in record.iterations)
            fresh = replace(_anew(record), started_at=record.started_at, iterations=parts)
            record = replace(summed(fresh, Stopper()), ended_at=now())
            self.shared.put(record)
        self.observer.ended(record)
        return record

    def _work(self, task: Task, stopper: Stopper) -> TaskRun:
        ended = {one.task_key: one for one in self.shared.read().tasks if one.state}
        return TaskRun(self.plan, task, ended, workshop(self.plan), self.observer, stopper, self._call)

    def _call(self, plan: Plan, observer: Observer, stopper: Stopper) -> RunRecord:
        return run_in_turn(plan, observer, stopper, self.publish)

    def _warn(self, words: str) -> None:
        self.shared.warn(words)
        self.observer.warned(words)


def leg(bundle: Bundle, run_id: str, observer: Observer, publish: Publish) -> Leg:
    """Take up a run that has begun; its job is checked as it stands now, its parameters stay as they were.

    Raises: UsageError and BundleError, before anything is started.
    """
    shared = _shared(bundle, run_id)
    record = shared.read()
    plan = prepare(bundle, record.job, record.parameters, (), record)
    repaired = record if record.repair_count else None
    if repaired:  # a plan that repairs counts one more than the run has
        repaired = replace(repaired, repair_count=record.repair_count - 1)
    return Leg(replace(plan, earlier=repaired), shared, observer, publish)


def _shared(bundle: Bundle, run_id: str) -> SharedRecord:
    if not RUN_ID.fullmatch(run_id):
        raise UsageError(
            f"--run-id {run_id[:120]!r}: expected at most 100 letters, digits, - and _, as of a folder's name; nothing "
            "was started"
        )
    return SharedRecord(runs_folder(bundle.local_root()) / run_id)


def settled(record: RunRecord, graph: Graph, keys: Collection[str]) -> RunRecord:
    """Return the run with a state for each of these tasks: the scheduler says that they have ended.

    One that never started did not run by the rules, or was lost; one that started and said no more was lost, too.
    """
    tasks: dict[str, TaskRecord] = {task.task_key: task for task in record.tasks}
    for key in (key for key in graph.coming(()) if key in keys and tasks[key].state is None):
        ends = {one.task_key: end_of(one) for one in tasks.values() if one.state}
        task, found = graph.tasks[key], tasks[key]
        state = None if found.started_at else ResultState.DISABLED if task.disabled else verdict(task, ends)
        tasks[key] = replace(found, state=state, message=because(task, ends)) if state else lost(found)
    return replace(record, tasks=tuple(tasks[task.task_key] for task in record.tasks))


def lost(task: TaskRecord) -> TaskRecord:
    """Return a task of whose end nothing was heard."""
    why = "its process ended without a word" if task.started_at else "the scheduler ended it before it started"
    return replace(task, state=ResultState.FAILED, message=why)


def _anew(task: TaskRecord) -> TaskRecord:
    """Return a task before its start; its attempts count on."""
    return TaskRecord(task.task_key, task.kind, attempts=task.attempts, iterations=task.iterations)


def _once(task: Task) -> Task:
    """Return the task without retries: the scheduler tries again."""
    return task.model_copy(update={"max_retries": 0})


def may_be_retried(task: Task, record: TaskRecord) -> bool:
    """Tell whether another attempt has a meaning: not for what was left out, nor after a timeout that is final."""
    body: Any = task.for_each_task.task if task.for_each_task else task
    if record.state is ResultState.TIMEDOUT:
        return bool(body.retry_on_timeout)
    return record.state is ResultState.FAILED
