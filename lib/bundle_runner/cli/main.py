"""The command `lakehouse`: run a bundle's jobs, look at runs, and whatever the project adds."""

from __future__ import annotations

import io
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import click

from bundle_runner.alone import runs_around, value_for
from bundle_runner.cli.options import bundle_option, bundle_options, only_option, params_option, target_option, texts
from bundle_runner.cli.pasted import pasted
from bundle_runner.cli.relay import render, task
from bundle_runner.cli.runs import runs
from bundle_runner.errors import did_you_mean

GROUP = "lakehouse.commands"
PASTED = "lakehouse.pasted"
"""Under this name the click context holds a function that makes a text's commands work as pasted."""


class Commands(click.Group):
    """The runner's own commands and those of the entry points, loaded only when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names."""
        return sorted({*super().list_commands(ctx), *_added()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; one that cannot be loaded says so when it is called."""
        own = super().get_command(ctx, cmd_name)
        entry = _added().get(cmd_name)
        return _load(entry) if own is None and entry else own

    def invoke(self, ctx: click.Context) -> object:
        """Let a command's `ctx.exit(code)` be the exit code of the process."""
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit as end:
            sys.exit(end.exit_code)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for one that does not exist."""
        if args and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"no command {args[0]}{did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def _added() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _load(entry: EntryPoint) -> click.Command:
    try:
        found = entry.load()
    except Exception as error:  # noqa: BLE001 a broken neighbour must not break `run`
        reason = f"{type(error).__name__}: {error}"
        return _broken(entry, reason)
    return found if isinstance(found, click.Command) else _broken(entry, "it is no click command")


def _broken(entry: EntryPoint, reason: str) -> click.Command:
    @click.command(
        entry.name, short_help=f"cannot be loaded: {reason[:60]}", context_settings={"ignore_unknown_options": True}
    )
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED)
    def broken(rest: tuple[str, ...]) -> None:  # noqa: ARG001 click hands them over
        raise click.ClickException(f"{entry.name} ({entry.value}) cannot be loaded: {reason}")

    return broken


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def lakehouse(context: click.Context) -> None:
    """Run the jobs of a Databricks bundle on this machine."""
    context.obj = value_for  # what added commands ask for the bundle's values
    context.meta[PASTED] = _as_pasted  # and what they print their hints through


@lakehouse.command()
@click.argument("job")
@params_option
@only_option
@click.option("--occasion", callback=texts, default="{}", hidden=True, help="What started it, as `schedule` says it.")
@bundle_options
def run(job: str, params: dict[str, str], only: tuple[str, ...], occasion: dict[str, str], **bundle: Any) -> None:
    """Run JOB as Lakeflow Jobs would, with Spark on this machine."""
    from bundle_runner.cli.commands import Asked, run_job
    from bundle_runner.record.occasion import Occasion

    sys.exit(run_job(Asked(**bundle), job, params, only, Occasion(**occasion)))


@lakehouse.command()
@click.argument("job")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first date.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last date, included.")
@click.option("--param", "parameter", metavar="NAME", help="The job parameter that takes the date.")
@click.option("--dry-run", is_flag=True, help="Print the plan, run nothing.")
@click.option("--again", is_flag=True, help="Run dates that have succeeded once more, too; a rebuild in any case.")
@click.option("--rebuild", is_flag=True, help="Show what would differ made anew from bronze, then make it anew.")
@click.option("--keep-going", is_flag=True, help="Go on after a date that failed.")
@params_option
@only_option
@bundle_options
def backfill(job: str, dry_run: bool, again: bool, keep_going: bool, **said: Any) -> None:
    """Run JOB once for each date of a range.

    The same command goes on where it ended: dates that have succeeded with the same parameters, also in another
    range, are not run again. With --rebuild, one run makes all dates of the range anew, as long as something would
    differ and no check would stop it; like any run of the job it also takes in what the sources have.
    """
    from bundle_runner.cli.backfill import Range, run_backfill, show_backfill
    from bundle_runner.cli.commands import Asked

    asked = Asked(**{name: said.pop(name) for name in ("folder", "target", "variables", "root")})
    days = {name: said.pop(name).date() for name in ("first", "last")}
    if dry_run:
        sys.exit(show_backfill(asked, Range(job, **days, **said), again))
    sys.exit(run_backfill(asked, Range(job, **days, **said), again, keep_going))


@lakehouse.command()
@click.option("--unpause", is_flag=True, help="Run paused jobs, too: targets for development pause all.")
@click.option("--dry-run", type=click.IntRange(1), metavar="N", help="Print the next N times of each job, run nothing.")
@bundle_options
def schedule(unpause: bool, dry_run: int | None, **bundle: Any) -> None:
    """Run jobs by their own schedules, until Ctrl-C."""
    from bundle_runner.cli.commands import Asked
    from bundle_runner.cli.schedule import print_schedule, run_schedule

    if dry_run:
        print_schedule(Asked(**bundle), dry_run, datetime.now(UTC))
        return
    sys.exit(run_schedule(Asked(**bundle), unpause))


@lakehouse.command()
@click.argument("run_id", metavar="RUN")
@only_option
@bundle_options
def repair(run_id: str, only: tuple[str, ...], **bundle: Any) -> None:
    """Run again what failed in RUN, and what hung on it."""
    from bundle_runner.cli.commands import Asked, repair_run

    sys.exit(repair_run(Asked(**bundle), run_id, only))


@lakehouse.command()
@target_option
@bundle_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif", "github"]), default="text", show_default=True
)
@click.option("--strict", is_flag=True, help="Let warnings fail, too.")
@click.option("--codes", is_flag=True, help="Print what every code means (docs/lint.md), and look at no bundle.")
def lint(target: str | None, folder: Path, form: str, strict: bool, codes: bool) -> None:
    """Find what is wrong with a bundle, without a workspace."""
    from bundle_runner.lint.command import lint_bundle, print_codes

    if codes:
        print_codes()
        return
    sys.exit(lint_bundle(folder, target, form, strict))


for group in (runs, render, task):
    lakehouse.add_command(group)


def main() -> None:
    """Run the command line; every expected error is one message and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a message must come out whatever the terminal can print
    try:
        lakehouse(standalone_mode=False, prog_name="lakehouse")
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as error:
        sys.exit(_said(_message_of(error), error.exit_code, _help_of(error)))
    except OSError as error:
        sys.exit(_said(str(error), 1))
    except Exception as error:
        code = getattr(error, "exit_code", None)  # the errors of the runner and of added commands carry it
        if not isinstance(code, int):
            raise
        sys.exit(_said(str(error), code))
    sys.exit(0)


def _said(told: str, code: int, more: str = "") -> int:
    click.echo(_as_pasted(f"lakehouse: {told}{more}", Path()), err=True)
    return code


def _message_of(error: click.ClickException) -> str:
    """Return what a click error says; of a command that does not exist, with the nearest one."""
    told = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    missing = re.match(r"No such command '([^']*)'", told)
    if missing is None or context is None or not isinstance(context.command, click.Group):
        return told
    name, path = missing[1], context.command_path.partition(" ")[2]
    return f"no command {path} {name}{did_you_mean(name, context.command.list_commands(context))}"


def _help_of(error: click.ClickException) -> str:
    """Name the help of a command that was called wrongly."""
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return ""
    return f"\nhelp: {error.ctx.command_path} --help"


def _as_pasted(text: str, start: Path) -> str:
    return pasted(text, runs_around(start))


if __name__ == "__main__":
    main()
