"""What `lakehouse task …` does: one task of a run that another scheduler carries on. The last line is JSON for it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from bundle_runner.cli.commands import Asked
from bundle_runner.cli.last_lines import Commands, last_lines
from bundle_runner.cli.screen import PlainScreen
from bundle_runner.launch.stopper import Stopper
from bundle_runner.pages import with_commands
from bundle_runner.record.records import TaskRecord
from bundle_runner.run.relay import Leg, begin, leg, may_be_retried
from bundle_runner.states import ResultState

STOPPED = 3
LEFT_OUT = frozenset({ResultState.EXCLUDED, ResultState.DISABLED})


def begin_run(asked: Asked, job: str, params: Mapping[str, str], run_id: str) -> int:
    """Open the run and say so."""
    record = begin(asked.load(), job, params, run_id)
    click.echo(json.dumps({"run_id": record.run_id, "repair_count": record.repair_count}))
    return 0


def open_loop(asked: Asked, run_id: str, key: str) -> int:
    """Print over what a loop goes."""
    found = _leg(asked, run_id, key)
    record = found.open_loop(key)
    parts = [{"index": index, "input": part.input} for index, part in enumerate(record.iterations)]
    click.echo(json.dumps({**_verdict(found, key, record), "inputs": parts}, ensure_ascii=False))
    return _exit_code(record)


def run_task(asked: Asked, run_id: str, key: str, index: int | None) -> int:
    """Carry out one attempt, show it, and return its exit code: 0 also for what the rules left out."""
    found, stopper = _leg(asked, run_id, key), Stopper()
    with _interrupts(stopper):
        record = found.perform(key, stopper, index)
    click.echo(json.dumps(_verdict(found, key, record), ensure_ascii=False))
    return 130 if record.state is ResultState.CANCELED else _exit_code(record)


def end_run(asked: Asked, run_id: str) -> int:
    """Close the run, show how it ended, and return the exit code that `lakehouse run` would have had."""
    found = leg(asked.load(), run_id, PlainScreen(0), asked.publish)
    record = found.end()
    given = [word for name, value in record.parameters.items() for word in ("--params", f"{name}={value}")]
    runs = found.plan.folder.parent
    commands = Commands(asked.command(runs, "run", record.job, *given), asked.command(runs, "repair", record.run_id))
    click.echo(with_commands("\n".join(last_lines(record, found.plan.folder, commands)), runs, asked.command))
    state = str(record.state)
    click.echo(json.dumps({"run_id": record.run_id, "state": state, "exit_code": record.exit_code}))
    return record.exit_code if record.exit_code is not None else 1


def _leg(asked: Asked, run_id: str, key: str) -> Leg:
    return leg(asked.load(), run_id, PlainScreen(len(key) + 8), asked.publish)


def _verdict(found: Leg, key: str, record: TaskRecord) -> dict[str, object]:
    return {
        "task": record.task_key,
        "state": str(record.state or "OPEN"),
        "outcome": record.outcome,
        "message": record.message,
        "stopped": record.stopped,
        "again": may_be_retried(found.plan.graph.tasks[key], record),
    }


def _exit_code(record: TaskRecord) -> int:
    if record.state in LEFT_OUT | {ResultState.SUCCESS, None}:
        return 0
    return STOPPED if record.stopped else 1


@contextmanager
def _interrupts(stopper: Stopper) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into a canceled attempt that cleans up after itself."""

    def interrupt(*_: object) -> None:
        stopper.stop(ResultState.CANCELED, "the run was canceled")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
