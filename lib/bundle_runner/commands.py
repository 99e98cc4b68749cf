"""What the commands of the runner do, once click has read their arguments."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from bundle_runner.bundle import Bundle, load_bundle
from bundle_runner.checks import findings
from bundle_runner.compare import compare
from bundle_runner.errors import CheckError, UsageError
from bundle_runner.journal import lineage_url, settle_dead_runs
from bundle_runner.pages import write_comparison, write_pages
from bundle_runner.pasted import lakehouse_command
from bundle_runner.plan import Plan, prepare, runs_folder
from bundle_runner.record import FILE, RunRecord, read_record, seconds_between
from bundle_runner.repair import prepare_repair
from bundle_runner.report import Commands, last_lines
from bundle_runner.screen import LiveScreen, PlainScreen, Screen, ended_words
from bundle_runner.turns import take_turn


@dataclass(frozen=True)
class Asked:
    """What the command line says of the bundle."""

    folder: Path
    target: str | None
    variables: Mapping[str, str]

    def load(self) -> Bundle:
        """Read the bundle."""
        return load_bundle(self.folder, self.target, self.variables)

    def command(self, *words: str) -> str:
        """Return a command of ours that means this bundle, as it can be pasted."""
        options = ["-t", self.target] if self.target else []
        options += ["--bundle", str(self.folder)] if self.folder != Path() else []
        options += [word for name, value in self.variables.items() for word in ("--var", f"{name}={value}")]
        return shlex.join([lakehouse_command(), *words, *options])


def run_job(asked: Asked, job: str, params: Mapping[str, str], only: tuple[str, ...]) -> int:
    """Run a job, show it, and return the exit code.

    Raises: UsageError and BundleError before anything was started.
    """
    given = [word for name, value in params.items() for word in ("--params", f"{name}={value}")]
    given += ["--only", ",".join(only)] if only else []
    return _carry_out(prepare(asked.load(), job, params, only), asked, asked.command("run", job, *given))


def repair_run(asked: Asked, run_id: str, only: tuple[str, ...]) -> int:
    """Run again what failed in a run, show it, and return the exit code.

    Raises: UsageError and BundleError before anything was started.
    """
    record = read_record(_folder_of(asked, run_id))
    given = [word for name, value in record.parameters.items() for word in ("--params", f"{name}={value}")]
    given += ["--only", ",".join(record.only)] if record.only else []
    return _carry_out(prepare_repair(asked.load(), record, only), asked, asked.command("run", record.job, *given))


def _carry_out(plan: Plan, asked: Asked, again: str) -> int:
    _settle(runs_folder(plan.root), asked)
    found = findings(plan.parameters)
    if found:
        raise CheckError("\n".join([*found, "nothing was started"]))
    from bundle_runner.execute import (
        Run,  # papermill and Jupyter are read only when something runs
    )

    with take_turn(plan, _Waiting(plan.job_key).wait), _screen(plan) as screen:
        current = Run(plan, screen, publish=write_pages)
        with _interrupts(current):
            record = current.execute()
    click.echo("\n".join(last_lines(record, plan.folder, Commands(again, asked.command("repair", record.run_id)))))
    return record.exit_code if record.exit_code is not None else 1


class _Waiting:
    """Says once that a run waits for its turn."""

    def __init__(self, job: str) -> None:
        self._job, self._said = job, False

    def wait(self) -> bool:
        """Pass a moment; nobody gives up but by Ctrl-C."""
        if not self._said:
            click.echo(f"another run of {self._job} goes on: this one waits for it (queue)")
        self._said = True
        time.sleep(0.2)
        return False


def _screen(plan: Plan) -> Screen:
    if sys.stdout.isatty():
        return LiveScreen()
    return PlainScreen(max(len(key) for key in plan.graph.tasks) + 8)


@contextmanager
def _interrupts(current: object) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into a canceled run that cleans up after itself."""

    def interrupt(*_: object) -> None:
        current.interrupted.set()  # type: ignore[attr-defined]

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _folders(asked: Asked) -> list[Path]:
    root = runs_folder(asked.load().local_root())
    _settle(root, asked)
    return sorted((path.parent for path in root.glob(f"*/{FILE}")), reverse=True) if root.is_dir() else []


def _settle(root: Path, asked: Asked) -> None:
    """Tell the ends of runs whose runner died, and give them their pages."""
    for folder in settle_dead_runs(root, lineage_url(asked.load())):
        write_pages(read_record(folder), folder)


def _folder_of(asked: Asked, run_id: str) -> Path:
    folders = _folders(asked)
    if not folders:
        raise UsageError("no runs yet; start one: lakehouse run JOB")
    found = folders[:1] if run_id == "last" else [path for path in folders if path.name.startswith(run_id)]
    if len(found) != 1:
        many = f"{len(found)} runs begin with {run_id}" if found else f"there is no run {run_id}"
        raise UsageError(f"{many}; list them: lakehouse runs list")
    return found[0]


def list_runs(asked: Asked, form: str) -> None:
    """Print all runs, the newest first."""
    records = [read_record(path) for path in _folders(asked)]
    if form == "json":
        click.echo(json.dumps([asdict(record) for record in records], indent=1))
        return
    if not records:
        click.echo(f"no runs yet; start one: {lakehouse_command()} run JOB")
    for record in records:
        click.echo(_line(record))


def _line(record: RunRecord) -> str:
    seconds = seconds_between(record.started_at, record.ended_at)
    return f"{record.run_id}  {record.job:<20}  {record.state or 'UNFINISHED':<22}  {seconds:6.0f} s"


def show_run(asked: Asked, run_id: str, form: str) -> None:
    """Print one run with its tasks.

    Raises: UsageError when no run, or more than one, begins so.
    """
    folder = _folder_of(asked, run_id)
    record = read_record(folder)
    if form == "json":
        click.echo(json.dumps(asdict(record), indent=1))
        return
    click.echo(_line(record))
    for task in record.tasks:
        click.echo(f"  {task.task_key:<20}  {task.state or 'UNFINISHED':<16}  {ended_words(task)}".rstrip())
    click.echo(f"report  {folder / (record.report or 'index.html')}")


def diff_runs(asked: Asked, before: str, after: str, page: bool) -> None:
    """Print what differs between two runs; on wish, write it all as a page.

    Raises: UsageError when no run, or more than one, begins so.
    """
    folders = [_folder_of(asked, run_id) for run_id in (before, after)]
    both = compare(*map(read_record, folders))
    for kind, change in both.changes:
        click.echo(f"{kind:<10}  {change.name}: {change.before} → {change.after}")
    if not any(both.changes):
        click.echo("the runs do not differ")
    if page:
        click.echo(f"page    {write_comparison(both, folders[0].parent)}")
