"""What the commands of the runner do, once click has read their arguments."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from bundle_runner.bundle import Bundle, load_bundle
from bundle_runner.checks import findings
from bundle_runner.errors import CheckError, UsageError
from bundle_runner.occasion import BY_HAND, Occasion
from bundle_runner.overview import write_pages
from bundle_runner.pasted import lakehouse_command
from bundle_runner.plan import Plan, prepare, runs_folder
from bundle_runner.record import FILE, RunRecord, read_record
from bundle_runner.repair import prepare_repair
from bundle_runner.report import INDEX, Commands, last_lines
from bundle_runner.screen import LiveScreen, PlainScreen, Screen, ended_words
from bundle_runner.turns import take_turn
from bundle_runner.under_way import is_kept, run_state_words, seconds_so_far, task_state_words


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
        return shlex.join([lakehouse_command(), *words, *self.options])

    @property
    def options(self) -> list[str]:
        """Return the options that mean this bundle."""
        options = ["-t", self.target] if self.target else []
        options += ["--bundle", str(self.folder)] if self.folder != Path() else []
        return options + [word for name, value in self.variables.items() for word in ("--var", f"{name}={value}")]


def run_job(
    asked: Asked, job: str, params: Mapping[str, str], only: tuple[str, ...], occasion: Occasion = BY_HAND
) -> int:
    """Run a job, show it, and return the exit code.

    Raises: UsageError and BundleError before anything was started.
    """
    given = [word for name, value in params.items() for word in ("--params", f"{name}={value}")]
    given += ["--only", ",".join(only)] if only else []
    return _carry_out(prepare(asked.load(), job, params, only, occasion), asked, asked.command("run", job, *given))


def repair_run(asked: Asked, run_id: str, only: tuple[str, ...]) -> int:
    """Run again what failed in a run, show it, and return the exit code.

    Raises: UsageError and BundleError before anything was started.
    """
    record = read_record(_folder_of(asked, run_id))
    given = [word for name, value in record.parameters.items() for word in ("--params", f"{name}={value}")]
    given += ["--only", ",".join(record.only)] if record.only else []
    return _carry_out(prepare_repair(asked.load(), record, only), asked, asked.command("run", record.job, *given))


def _carry_out(plan: Plan, asked: Asked, again: str) -> int:
    record = carry_out(plan, _screen(plan))
    click.echo("\n".join(last_lines(record, plan.folder, Commands(again, asked.command("repair", record.run_id)))))
    return record.exit_code if record.exit_code is not None else 1


def carry_out(plan: Plan, screen: Screen) -> RunRecord:
    """Run what was planned, when it is its turn, and show it; Ctrl-C cancels it.

    Raises: CheckError for what the project finds wrong, BusyError where others run; then nothing was started.
    """
    found = findings(plan.parameters)
    if found:
        raise CheckError("\n".join([*found, "nothing was started"]))
    from bundle_runner.execute import (
        Run,  # papermill and Jupyter are read only when something runs
    )

    with take_turn(plan, _Waiting(plan.job_key).wait), screen:
        current = Run(plan, screen, publish=write_pages)
        with _interrupts(current):
            return current.execute()


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


def run_folders(asked: Asked) -> list[Path]:
    """Return the folders of all runs, the newest first."""
    root = runs_folder(asked.load().local_root())
    return sorted((path.parent for path in root.glob(f"*/{FILE}")), reverse=True) if root.is_dir() else []


def _folder_of(asked: Asked, run_id: str) -> Path:
    folders = run_folders(asked)
    if not folders:
        raise UsageError("no runs yet; start one: lakehouse run JOB")
    found = folders[:1] if run_id == "last" else [path for path in folders if path.name.startswith(run_id)]
    if len(found) != 1:
        many = f"{len(found)} runs begin with {run_id}" if found else f"there is no run {run_id}"
        raise UsageError(f"{many}; list them: lakehouse runs list")
    return found[0]


def list_runs(asked: Asked, form: str) -> None:
    """Print all runs, the newest first."""
    folders = run_folders(asked)
    if form == "json":
        click.echo(json.dumps([asdict(read_record(path)) for path in folders], indent=1))
        return
    if not folders:
        click.echo(f"no runs yet; start one: {lakehouse_command()} run JOB")
    for folder in folders:
        click.echo(_line(read_record(folder), is_kept(folder)))


def _line(record: RunRecord, goes_on: bool) -> str:
    state, seconds = run_state_words(record, goes_on), seconds_so_far(record, goes_on)
    return f"{record.run_id}  {record.job:<20}  {state:<22}  {seconds:6.0f} s"


def show_run(asked: Asked, run_id: str, form: str) -> None:
    """Print one run with its tasks; what of it goes on is told as it stands.

    Raises: UsageError when no run, or more than one, begins so.
    """
    folder = _folder_of(asked, run_id)
    record = read_record(folder)
    if form == "json":
        click.echo(json.dumps(asdict(record), indent=1))
        return
    goes_on = is_kept(folder)
    click.echo(_line(record, goes_on))
    for task in record.tasks:
        state = task_state_words(task, goes_on)
        words = f"{seconds_so_far(task, goes_on):.0f} s so far" if state == "RUNNING" else ended_words(task)
        click.echo(f"  {task.task_key:<20}  {state:<16}  {words}".rstrip())
    if (folder / INDEX).exists():
        click.echo(f"report  {folder / (record.report or INDEX)}")


def open_run(asked: Asked, run_id: str, only_print: bool) -> None:
    """Open the page of a run in a browser, and print where it is.

    Raises: UsageError when no run, or more than one, begins so, and when the run has no page.
    """
    folder = _folder_of(asked, run_id)
    page = folder / INDEX
    if not page.exists():
        why = "it is still under way" if is_kept(folder) else "its runner died before it could write one"
        raise UsageError(f"run {folder.name} has no page: {why}; what it did so far: lakehouse runs show {folder.name}")
    click.echo(str(page))
    if not only_print and not webbrowser.open(page.resolve().as_uri()):
        click.echo("no browser was found; open that file in one", err=True)
