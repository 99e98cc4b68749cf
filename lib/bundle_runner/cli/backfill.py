"""What `lakehouse backfill` does: shows its plan, then one run for each open date, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import click

from bundle_runner.backfill.dates import Backfill, Wish, date_parameter, date_range, plan_backfill
from bundle_runner.backfill.foresight import foreseen
from bundle_runner.backfill.rebuilding import ask_rebuild
from bundle_runner.bundle.load import Bundle
from bundle_runner.cli.commands import NOTHING, Asked, before_the_start, carry_out, checked, run_folders, run_planned
from bundle_runner.cli.last_lines import Commands, last_lines
from bundle_runner.cli.progress import OneLine
from bundle_runner.plan.prepare import Plan, chosen_keys, prepare, runs_folder
from bundle_runner.record.records import RunRecord, read_record


@dataclass(frozen=True)
class Range:
    """What the command line says of a backfill."""

    job: str
    first: date
    last: date
    parameter: str | None = None
    params: Mapping[str, str] | None = None
    only: tuple[str, ...] = ()
    rebuild: bool = False


@dataclass(frozen=True)
class Work:
    """A planned backfill of a bundle."""

    asked: Asked
    wanted: Range
    bundle: Bundle
    backfill: Backfill

    @cached_property
    def parameters(self) -> dict[str, dict[str, str]]:
        """Return the values of the job's parameters, by the ISO dates that are open."""
        return {day.isoformat(): dict(self.plan(day).parameters) for day in self.backfill.open}

    def plan(self, day: date) -> Plan:
        """Check the job for a date."""
        wish = self.backfill.wish
        with before_the_start():
            return checked(prepare(self.bundle, wish.job, wish.values(day), wish.only, self.backfill.occasion(day)))


def run_backfill(asked: Asked, wanted: Range, again: bool, keep_going: bool) -> int:
    """Run the job for each date that has not succeeded, and return the exit code of the first run that failed.

    Raises: UsageError and BundleError before anything was started.
    """
    work = _planned(asked, wanted, again)
    _print_plan(work)
    if wanted.rebuild:
        return _rebuild(work, again)
    code = 0
    for number, day in enumerate(work.backfill.open, start=1):
        record = _run_date(work, day, f"{day}  {number} of {len(work.backfill.open)}")
        code = code or _code(record)
        if record.exit_code == 130 or (code and not keep_going):
            break
    _say_end(_planned(asked, wanted, again=False), code)
    return code


def show_backfill(asked: Asked, wanted: Range, again: bool) -> int:
    """Print what a backfill would do, and start nothing; return 3 where a check would stop a rebuild, else 0.

    Raises: UsageError and BundleError.
    """
    work = _planned(asked, wanted, again)
    _print_plan(work)
    code = _say(work, dry_run=True) if wanted.rebuild else 0
    click.echo("nothing was started (--dry-run)")
    return code or 0


def _planned(asked: Asked, wanted: Range, again: bool) -> Work:
    bundle, given = asked.load(), wanted.params or {}
    job = bundle.job(wanted.job, chosen_keys(bundle, wanted.job, wanted.only))
    parameter = date_parameter(wanted.job, job, wanted.parameter, given)
    wish = Wish(wanted.job, *date_range(wanted.first, wanted.last), parameter, given, wanted.only, wanted.rebuild)
    return Work(asked, wanted, bundle, plan_backfill(wish, map(read_record, run_folders(asked)), again))


def _print_plan(work: Work) -> None:
    backfill, wish = work.backfill, work.backfill.wish
    by = f"parameter {wish.parameter} takes the date" if wish.parameter else "the job's own defaults take the date"
    click.echo(f"backfill {backfill.id} · target {work.bundle.target} · {by}")
    told = foreseen(work.parameters)
    for day in wish.dates:
        state = "" if wish.rebuild else f"{backfill.state(day):<8}  "
        click.echo(f"  {day}  {state}{told.get(day.isoformat(), '')}".rstrip())
    if wish.rebuild:
        return
    done = len(wish.dates) - len(backfill.open)
    dates = "1 date" if len(wish.dates) == 1 else f"{len(wish.dates)} dates"
    click.echo(f"{dates}: {len(backfill.open)} to run, {done} have succeeded")
    if not backfill.open:
        click.echo("nothing to do; --again runs all of them once more")


def _say(work: Work, dry_run: bool) -> int | None:
    """Print what the project tells of making the dates anew, line by line as it finds it; return its verdict."""
    click.echo("what would differ, made anew from what is kept (a minute or more):" if dry_run else "made anew now:")
    told = ask_rebuild(work.parameters, dry_run)
    while True:
        try:
            click.echo(f"  {next(told)}")
        except StopIteration as end:
            code: int | None = end.value
            return code


def _rebuild(work: Work, again: bool) -> int:
    """Make all dates anew in one run, and return its exit code; where it is of no use, only `again` starts it."""
    useless = _say(work, dry_run=True)
    if useless is not None and not again:
        click.echo(f"{NOTHING}; --again starts the run all the same")
        return useless
    _say(work, dry_run=False)
    return run_planned(work.plan(work.backfill.wish.first), work.asked, _words(work))


def _run_date(work: Work, day: date, title: str) -> RunRecord:
    plan = work.plan(day)
    record = carry_out(plan, OneLine(title), work.asked.publish)
    runs = plan.folder.parent
    commands = Commands(work.asked.command(runs, *_words(work)), work.asked.command(runs, "repair", record.run_id))
    lines = last_lines(record, plan.folder, commands)
    if _code(record):
        click.echo(f"{title}" + "\n".join(lines))
    else:
        books = "; ".join(record.books)
        click.echo(f"{title}  {record.state}  run {record.run_id}  {books}".rstrip())
    return record


def _code(record: RunRecord) -> int:
    return record.exit_code if record.exit_code is not None else 1


def _words(work: Work) -> list[str]:
    """Return the words of the command that asks for the same once more."""
    wish = work.backfill.wish
    words = ["backfill", wish.job, "--from", str(wish.first), "--to", str(wish.last)]
    words += ["--param", work.wanted.parameter] if work.wanted.parameter else []
    words += [word for name, value in wish.given.items() for word in ("--params", f"{name}={value}")]
    words += ["--rebuild"] if wish.rebuild else []
    return [*words, *(["--only", ",".join(wish.only)] if wish.only else [])]


def _say_end(work: Work, code: int) -> None:
    left, dates = len(work.backfill.open), len(work.backfill.runs)
    click.echo(f"backfill {work.backfill.id}: {dates - left} of {dates} dates have succeeded")
    if left and code:
        again = work.asked.command(runs_folder(work.bundle.local_root()), *_words(work))
        click.echo(f"  the same command goes on with the other {left}: {again}")
