"""What the commands of the runner do, once click has read their arguments."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from bundle_runner.bundle.load import Bundle, load_bundle
from bundle_runner.cli.last_lines import Commands, last_lines
from bundle_runner.cli.pasted import as_pasted, note_within, pasted, words_within
from bundle_runner.cli.run_lines import published, run_line, written
from bundle_runner.cli.screen import LiveScreen, PlainScreen, Screen, ended_words
from bundle_runner.errors import CheckError, RunnerError, UsageError
from bundle_runner.pages import INDEX, with_commands, write_comparison, write_pages
from bundle_runner.plan.checks import findings
from bundle_runner.plan.prepare import Plan, prepare, runs_folder
from bundle_runner.record.compare import compare
from bundle_runner.record.interrupted import close_interrupted
from bundle_runner.record.journal import lineage_url, settle_dead_runs
from bundle_runner.record.occasion import BY_HAND, Occasion
from bundle_runner.record.records import FILE, RunRecord, read_record
from bundle_runner.record.under_way import is_kept, seconds_so_far, task_state_words
from bundle_runner.run.holds import take_holds
from bundle_runner.run.repair import prepare_repair
from bundle_runner.run.turns import take_turn

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
        return as_pasted([*words_within(runs), "lakehouse", *words, *self.options])

    def hint(self, *words: str) -> str:
        """Return a command of ours for this bundle, for a text that goes through `pasted`."""
        return shlex.join(["lakehouse", *words, *self.options])

    def publish(self, record: RunRecord, folder: Path) -> None:
        """Write the pages of a run that another command than this one started."""
        write_pages(record, folder, self.command)

    @property
    def options(self) -> list[str]:
        """Return the options that mean this bundle."""
        options = ["-t", self.target] if self.target else []
        options += ["--bundle", str(self.folder)] if self.folder != Path() else []
        options += ["--root", str(self.root)] if self.root else []
        return options + [word for name, value in self.variables.items() for word in ("--var", f"{name}={value}")]


def run_job(
    asked: Asked, job: str, params: Mapping[str, str], only: tuple[str, ...], occasion: Occasion = BY_HAND
) -> int:
    """Run a job, show it, and return the exit code.

    Raises: UsageError and BundleError before anything was started.
    """
    given = [word for name, value in params.items() for word in ("--params", f"{name}={value}")]
    given += ["--only", ",".join(only)] if only else []
    with before_the_start():
        plan = checked(prepare(asked.load(), job, params, only, occasion))
    return run_planned(plan, asked, ["run", job, *given])


def repair_run(asked: Asked, run_id: str, only: tuple[str, ...]) -> int:
    """Run again what failed in a run, show it, and return the exit code.

    Raises: UsageError and BundleError before anything was started.
    """
    with before_the_start():
        record = read_record(_folder_of(asked, run_id))
        plan = checked(prepare_repair(asked.load(), record, only))
    given = [word for name, value in record.parameters.items() for word in ("--params", f"{name}={value}")]
    given += ["--only", ",".join(record.only)] if record.only else []
    return run_planned(plan, asked, ["run", record.job, *given])


@contextmanager
def before_the_start() -> Iterator[None]:
    """Say of what is found before a run that nothing was started."""
    try:
        yield
    except RunnerError as error:
        if NOTHING not in str(error):
            error.args = (f"{error}\n{NOTHING}",)
        raise


def checked(plan: Plan) -> Plan:
    """Return the plan, in which the project finds nothing wrong.

    Raises: CheckError with all that it finds.
    """
    if found := findings(plan.parameters):
        raise CheckError("\n".join(found))
    return plan


def run_planned(plan: Plan, asked: Asked, again: Sequence[str]) -> int:
    """Run what was planned, show it task by task and how it ended, and return its exit code.

    `again` are the words of the command that runs it once more.
    """
    runs = plan.folder.parent
    _settle(runs, asked)
    commands = Commands(asked.command(runs, *again), asked.command(runs, "repair", plan.run_id))

    def publish(record: RunRecord, folder: Path) -> None:
        write_pages(record, folder, asked.command, again if record.run_id == plan.run_id else ())

    record = carry_out(plan, _screen(plan), publish)
    told = with_commands("\n".join(last_lines(record, plan.folder, commands)), runs, asked.command)
    click.echo(pasted(told, runs))
    note_within(runs, succeeded=record.exit_code == 0)
    return record.exit_code if record.exit_code is not None else 1


def carry_out(plan: Plan, screen: Screen, publish: Callable[[RunRecord, Path], None]) -> RunRecord:
    """Run what was planned, when it is its turn, show it, and publish its pages; Ctrl-C cancels it.

    Raises: BusyError where others run; then nothing was started.
    """
    from bundle_runner.run.execute import (
        Run,  # papermill and Jupyter are read only when something runs
    )

    wait = _Waiting().wait
    with take_holds(plan, {}, wait) as held, take_turn(plan, wait), screen:
        current = Run(plan, screen, publish=publish, held=held)
        with _interrupts(current):
            return current.execute()


def _settle(runs: Path, asked: Asked) -> None:
    """Give runs that were interrupted their end and their result, and say so beside the command's own output."""
    settle_dead_runs(runs, lineage_url(asked.load()))
    for record in close_interrupted(runs, asked.publish):
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


def run_folders(asked: Asked) -> list[Path]:
    """Return the folders of all runs, the newest first."""
    root = runs_folder(asked.load().local_root())
    _settle(root, asked)
    return sorted((path.parent for path in root.glob(f"*/{FILE}")), reverse=True) if root.is_dir() else []


def _folder_of(asked: Asked, run_id: str) -> Path:
    folders = run_folders(asked)
    if not folders:
        raise UsageError(f"no runs yet; start one: {asked.hint('run', 'JOB')}")
    if run_id == "last":
        # The last one that somebody asked for: a run that another one started is repaired and shown with that.
        return next((path for path in folders if read_record(path).parent is None), folders[0])
    found = [path for path in folders if path.name.startswith(run_id)]
    if len(found) != 1:
        many = f"{len(found)} runs begin with {run_id}" if found else f"there is no run {run_id}"
        raise UsageError(f"{many}; list them: {asked.hint('runs', 'list')}")
    return found[0]


def list_runs(asked: Asked, form: str) -> None:
    """Print all runs, the newest first."""
    folders = run_folders(asked)
    if form == "json":
        click.echo(json.dumps([asdict(read_record(path)) for path in folders], indent=1))
        return
    if not folders:
        click.echo(pasted(f"no runs yet; start one: {asked.hint('run', 'JOB')}"))
    for folder in folders:
        click.echo(run_line(read_record(folder), is_kept(folder)))


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
    click.echo(run_line(record, goes_on))
    for task in record.tasks:
        state = task_state_words(task, goes_on)
        words = f"{seconds_so_far(task, goes_on):.0f} s so far" if state == "RUNNING" else ended_words(task)
        click.echo(f"  {task.task_key:<20}  {state:<16}  {words}".rstrip())
    for words in published(record):
        click.echo(f"published  {words}")
    for words in written(record):
        click.echo(f"wrote  {words}")
    if (folder / INDEX).exists():
        click.echo(f"report  {folder / (record.report or INDEX)}")


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


def open_run(asked: Asked, run_id: str, only_print: bool) -> None:
    """Open the page of a run in a browser, and print where it is.

    Raises: UsageError when no run, or more than one, begins so, and when the run has no page.
    """
    folder = _folder_of(asked, run_id)
    page = folder / INDEX
    if not page.exists():
        why = "it is still under way" if is_kept(folder) else "its runner died before it could write one"
        show = asked.hint("runs", "show", folder.name)
        raise UsageError(f"run {folder.name} has no page: {why}; what it did so far: {show}")
    click.echo(str(page))
    if not only_print and not webbrowser.open(page.resolve().as_uri()):
        click.echo("no browser was found; open that file in one", err=True)
