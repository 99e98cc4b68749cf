"""What the commands of the runner do, once click has read their arguments."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from bundle_runner.bundle import Bundle, load_bundle
from bundle_runner.checks import findings
from bundle_runner.compare import compare
from bundle_runner.errors import CheckError, RunnerError, UsageError
from bundle_runner.holds import take_holds
from bundle_runner.interrupted import close_interrupted
from bundle_runner.pages import write_comparison, write_pages
from bundle_runner.pasted import as_pasted, lakehouse_command, note_within, pasted, words_within
from bundle_runner.plan import Plan, prepare, runs_folder
from bundle_runner.record import FILE, RunRecord, TaskRecord, is_under_way, now, read_record, seconds_between
from bundle_runner.repair import prepare_repair
from bundle_runner.report import Commands, last_lines
from bundle_runner.screen import LiveScreen, PlainScreen, Screen, ended_words
from bundle_runner.turns import take_turn

NOTHING = "nothing was started"


@dataclass(frozen=True)
class Asked:
    """What the command line says of the bundle."""

    folder: Path
    target: str | None
    variables: Mapping[str, str]
    root: Path | None = None

    def load(self) -> Bundle:
        """Read the bundle."""
        return load_bundle(self.folder, self.target, self.variables, root=self.root)

    def command(self, runs: Path, *words: str) -> str:
        """Return a command of ours that starts a run of this bundle, as it can be pasted; `runs` is where runs are."""
        options = ["-t", self.target] if self.target else []
        options += ["--bundle", str(self.folder)] if self.folder != Path() else []
        options += [word for name, value in self.variables.items() for word in ("--var", f"{name}={value}")]
        options += ["--root", str(self.root)] if self.root else []
        return as_pasted([*words_within(runs), "lakehouse", *words, *options])


def run_job(asked: Asked, job: str, params: Mapping[str, str], only: tuple[str, ...]) -> int:
    """Run a job, show it, and return the exit code.

    Raises: UsageError and BundleError before anything was started.
    """
    given = [word for name, value in params.items() for word in ("--params", f"{name}={value}")]
    given += ["--only", ",".join(only)] if only else []
    with _before_the_start():
        plan = _checked(prepare(asked.load(), job, params, only))
    return _carry_out(plan, asked, ["run", job, *given])


def repair_run(asked: Asked, run_id: str, only: tuple[str, ...]) -> int:
    """Run again what failed in a run, show it, and return the exit code.

    Raises: UsageError and BundleError before anything was started.
    """
    with _before_the_start():
        record = read_record(_folder_of(asked, run_id))
        plan = _checked(prepare_repair(asked.load(), record, only))
    given = [word for name, value in record.parameters.items() for word in ("--params", f"{name}={value}")]
    given += ["--only", ",".join(record.only)] if record.only else []
    return _carry_out(plan, asked, ["run", record.job, *given])


@contextmanager
def _before_the_start() -> Iterator[None]:
    """Say of what is found before a run that nothing was started."""
    try:
        yield
    except RunnerError as error:
        if NOTHING not in str(error):
            error.args = (f"{error}\n{NOTHING}",)
        raise


def _checked(plan: Plan) -> Plan:
    if found := findings(plan.parameters):
        raise CheckError("\n".join(found))
    return plan


def _carry_out(plan: Plan, asked: Asked, again: Sequence[str]) -> int:
    from bundle_runner.execute import (
        Run,  # papermill and Jupyter are read only when something runs
    )

    runs = plan.folder.parent
    _settle(runs, asked)
    commands = Commands(asked.command(runs, *again), asked.command(runs, "repair", plan.run_id))
    wait = _Waiting().wait
    with take_holds(plan, {}, wait) as held, take_turn(plan, wait), _screen(plan) as screen:
        current = Run(plan, screen, publish=write_pages, held=held)
        with _interrupts(current):
            record = current.execute()
    click.echo(pasted("\n".join(last_lines(record, plan.folder, commands)), runs))
    note_within(runs, succeeded=record.exit_code == 0)
    return record.exit_code if record.exit_code is not None else 1


def _settle(runs: Path, asked: Asked) -> None:
    """Give runs that were interrupted their result, and say so beside the command's own output."""
    for record in close_interrupted(runs, write_pages):
        click.echo(
            f"run {record.run_id} of {record.job} was {record.message}; it is {record.state} now. The "
            f"next run does its work, or: {asked.command(runs, 'repair', record.run_id)}",
            err=True,
        )


class _Waiting:
    """Says once that a run waits, and for whom."""

    def __init__(self) -> None:
        self._said = False

    def wait(self, why: str) -> bool:
        """Pass a moment; nobody gives up but by Ctrl-C."""
        if not self._said:
            click.echo(f"this run waits (queue): {why}")
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
    folders = _folders(asked)
    if form == "json":
        click.echo(json.dumps([asdict(read_record(folder)) for folder in folders], indent=1))
        return
    if not folders:
        click.echo(f"no runs yet; start one: {lakehouse_command()} run JOB")
    for folder in folders:
        click.echo(_line(read_record(folder), is_under_way(folder)))


def _line(record: RunRecord, under_way: bool) -> str:
    """Say how a run ended, or that it goes on; one that neither ended nor goes on lost its runner."""
    state = "RUNNING" if under_way else record.state or "UNFINISHED"
    seconds = seconds_between(record.repaired_at or record.started_at, now() if under_way else record.ended_at)
    return f"{record.run_id}  {record.job:<20}  {state:<22}  {seconds:6.0f} s"


def _published(record: RunRecord) -> Iterator[str]:
    """Say which version of each table the run left to its readers, as its tasks told."""
    told = [task.values.get("published") for task in record.tasks]
    for versions in (found for found in told if isinstance(found, dict)):
        yield ", ".join(f"{table} version {version}" for table, version in sorted(versions.items()))


def show_run(asked: Asked, run_id: str, form: str) -> None:
    """Print one run with its tasks.

    Raises: UsageError when no run, or more than one, begins so.
    """
    folder = _folder_of(asked, run_id)
    record = read_record(folder)
    if form == "json":
        click.echo(json.dumps(asdict(record), indent=1))
        return
    under_way = is_under_way(folder)
    click.echo(_line(record, under_way))
    for task in record.tasks:
        click.echo(f"  {task.task_key:<20}  {_state_of(task, under_way):<16}  {ended_words(task)}".rstrip())
    for words in _published(record):
        click.echo(f"published  {words}")
    click.echo("report  written at the end" if under_way else f"report  {folder / (record.report or 'index.html')}")


def _state_of(task: TaskRecord, under_way: bool) -> str:
    if task.state or not under_way:
        return str(task.state or "UNFINISHED")
    return "RUNNING" if task.started_at else "WAITING"


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
