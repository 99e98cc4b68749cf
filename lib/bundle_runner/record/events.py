"""What happened in a run, read from two states of its record: events.jsonl holds it line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bundle_runner.record.records import AttemptRecord, RunRecord, TaskRecord, now
from bundle_runner.states import ResultState

RUNNER_DIED = "its runner died"


class Happened(StrEnum):
    """What an event tells."""

    RUN_STARTED = "run_started"
    TASK_STARTED = "task_started"
    ATTEMPT_STARTED = "attempt_started"
    ATTEMPT_ENDED = "attempt_ended"
    TASK_ENDED = "task_ended"
    WARNED = "warned"
    RUN_ENDED = "run_ended"


@dataclass(frozen=True)
class Event:
    """One thing that happened. `task_key` names a task, or an iteration by its place: `land[2]`.

    `repair` is 0 in the run itself and counts its repairs; what was repaired starts and ends once in each.
    """

    at: str
    happened: Happened
    run_id: str
    repair: int
    task_key: str | None = None
    attempt: int | None = None
    state: ResultState | None = None
    message: str = ""


def first_event(record: RunRecord) -> Event:
    """Return the event with which a run, or a repair of it, begins."""
    at = record.repaired_at or record.started_at
    return Event(at, Happened.RUN_STARTED, record.run_id, record.repair_count)


def events_between(before: RunRecord, after: RunRecord) -> Iterator[Event]:
    """Yield what happened between two states of a run, in the order in which it must be told."""
    for event in _of_tasks(named_tasks(before), named_tasks(after)):
        yield replace(event, run_id=after.run_id, repair=after.repair_count)
    for words in after.warnings[len(before.warnings) :]:
        yield Event(now(), Happened.WARNED, after.run_id, after.repair_count, message=words)
    if after.state and not before.state:
        at = after.ended_at or now()
        end = Event(at, Happened.RUN_ENDED, after.run_id, after.repair_count)
        yield replace(end, state=after.state, message=after.message)


def named_tasks(record: RunRecord) -> dict[str, TaskRecord]:
    """Return tasks and iterations by names that occur once; two iterations may have the same input."""
    named: dict[str, TaskRecord] = {}
    for task in record.tasks:
        named[task.task_key] = task
        named |= {f"{task.task_key}[{i}]": part for i, part in enumerate(task.iterations)}
    return named


def as_dead(record: RunRecord) -> RunRecord:
    """Return the record of a run whose runner died as its end is told: what went on was cut off."""
    tasks = tuple(_cut_off(task) for task in record.tasks)
    if record.state:
        return replace(record, tasks=tasks)
    return replace(record, state=ResultState.CANCELED, ended_at=now(), message=RUNNER_DIED, tasks=tasks)


def ends_of(events: Sequence[Event], dead: RunRecord) -> Iterator[Event]:
    """Yield the ends that a dead run has not told: of each task that was told to start, the last first, then its own.

    A start that is in the record but was never told has no end either.
    """
    begin = max(i for i, event in enumerate(events) if event.happened is Happened.RUN_STARTED)
    told = events[begin:]
    ended = {event.task_key for event in told if event.happened is Happened.TASK_ENDED}
    tasks = named_tasks(dead)
    for event in reversed(told):
        if event.happened is Happened.TASK_STARTED and event.task_key not in ended and event.task_key in tasks:
            yield _end_of(event, tasks[event.task_key])
    end = replace(told[0], at=dead.ended_at or now(), happened=Happened.RUN_ENDED)
    yield replace(end, state=dead.state, message=dead.message)


def _end_of(start: Event, task: TaskRecord) -> Event:
    state, message = task.state or ResultState.CANCELED, task.message or RUNNER_DIED
    return replace(start, at=task.ended_at or now(), happened=Happened.TASK_ENDED, state=state, message=message)


def _cut_off(task: TaskRecord) -> TaskRecord:
    if task.state or not task.started_at:
        return task
    parts = tuple(_cut_off(part) for part in task.iterations)
    return replace(task, state=ResultState.CANCELED, ended_at=now(), message=RUNNER_DIED, iterations=parts)


def _of_tasks(before: Mapping[str, TaskRecord], after: Mapping[str, TaskRecord]) -> Iterator[Event]:
    for key, task in after.items():
        old = before.get(key)
        if old is not task and task.started_at and not (old and old.started_at):
            yield Event(task.started_at, Happened.TASK_STARTED, "", 0, key)
    for key, task in after.items():
        old = before.get(key)
        if old is not task:
            yield from _of_attempts(key, old.attempts if old else (), task.attempts)
    # A loop ends after its iterations, so the last named ends first.
    for key, task in reversed(list(after.items())):
        old = before.get(key)
        if old is not task and task.started_at and task.state and not (old and old.state):
            at = task.ended_at or now()
            yield Event(at, Happened.TASK_ENDED, "", 0, key, state=task.state, message=task.message)


def _of_attempts(key: str, before: tuple[AttemptRecord, ...], after: tuple[AttemptRecord, ...]) -> Iterator[Event]:
    old = {attempt.number: attempt for attempt in before}
    for attempt in after:
        known = old.get(attempt.number)
        if known is None:
            yield Event(attempt.started_at, Happened.ATTEMPT_STARTED, "", 0, key, attempt.number)
        if attempt.state and not (known and known.state):
            at, told = attempt.ended_at or now(), attempt.message
            yield Event(at, Happened.ATTEMPT_ENDED, "", 0, key, attempt.number, attempt.state, told)
