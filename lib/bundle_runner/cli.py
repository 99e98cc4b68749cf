"""The command `lakehouse`: run a bundle's jobs, look at runs, and whatever the project adds."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import click

from bundle_runner.alone import runs_around, value_for
from bundle_runner.errors import did_you_mean
from bundle_runner.pasted import pasted

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


def pairs(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read `k=v` options; the value may contain further equal signs."""
    found: dict[str, str] = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"expected name=value, got {value!r}", ctx=context, param=option)
        found[name] = text
    return found


def texts(context: click.Context, option: click.Parameter, value: str) -> dict[str, str]:
    """Read a JSON object of texts."""
    try:
        return {str(name): str(text) for name, text in json.loads(value).items()}
    except (ValueError, AttributeError):
        raise click.BadParameter(f"expected a JSON object, got {value!r}", ctx=context, param=option) from None


bundle_option = click.option(
    "--bundle",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of databricks.yml; default: here or above.",
)
target_option = click.option("-t", "--target", help="Target of the bundle; default: the one marked default.")
var_option = click.option(
    "--var", "variables", multiple=True, callback=pairs, metavar="NAME=VALUE", help="Set a variable of the bundle."
)


root_option = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder on this machine for a target that lives in a workspace.",
)


def bundle_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which bundle, and how."""
    for option in (bundle_option, var_option, root_option, target_option):
        command = option(command)
    return command


def words(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001 click calls it so
    """Read comma-separated words, said once or several times."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


only_option = click.option(
    "--only",
    multiple=True,
    callback=words,
    metavar="TASKS",
    help="Run these tasks only, separated by commas; +task with all before it, task+ with all after it.",
)


params_option = click.option(
    "--params", multiple=True, callback=pairs, metavar="NAME=VALUE", help="Set a job parameter; may be repeated."
)


@lakehouse.command()
@click.argument("job")
@params_option
@only_option
@click.option("--occasion", callback=texts, default="{}", hidden=True, help="What started it, as `schedule` says it.")
@bundle_options
def run(job: str, params: dict[str, str], only: tuple[str, ...], occasion: dict[str, str], **bundle: Any) -> None:
    """Run JOB as Lakeflow Jobs would, with Spark on this machine."""
    from bundle_runner.commands import Asked, run_job
    from bundle_runner.occasion import Occasion

    sys.exit(run_job(Asked(**bundle), job, params, only, Occasion(**occasion)))


@lakehouse.command()
@click.argument("job")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first date.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last date, included.")
@click.option("--param", "parameter", metavar="NAME", help="The job parameter that takes the date.")
@click.option("--dry-run", is_flag=True, help="Print the plan, run nothing.")
@click.option("--again", is_flag=True, help="Run dates that have succeeded once more, too.")
@click.option("--keep-going", is_flag=True, help="Go on after a date that failed.")
@params_option
@only_option
@bundle_options
def backfill(job: str, dry_run: bool, again: bool, keep_going: bool, **said: Any) -> None:
    """Run JOB once for each date of a range.

    The same command goes on where it ended: dates that have succeeded are not run again.
    """
    from bundle_runner.backfill_commands import Range, run_backfill, show_backfill
    from bundle_runner.commands import Asked

    asked = Asked(**{name: said.pop(name) for name in ("folder", "target", "variables", "root")})
    days = {name: said.pop(name).date() for name in ("first", "last")}
    if dry_run:
        show_backfill(asked, Range(job, **days, **said), again)
        return
    sys.exit(run_backfill(asked, Range(job, **days, **said), again, keep_going))


@lakehouse.command()
@click.option("--unpause", is_flag=True, help="Run paused jobs, too: targets for development pause all.")
@click.option("--dry-run", type=click.IntRange(1), metavar="N", help="Print the next N times of each job, run nothing.")
@bundle_options
def schedule(unpause: bool, dry_run: int | None, **bundle: Any) -> None:
    """Run jobs by their own schedules, until Ctrl-C."""
    from bundle_runner.commands import Asked
    from bundle_runner.schedule_commands import print_schedule, run_schedule

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
    from bundle_runner.commands import Asked, repair_run

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


@lakehouse.group()
def runs() -> None:
    """Look at what ran."""


format_option = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")


@runs.command("list")
@bundle_options
@format_option
def runs_list(form: str, **bundle: Any) -> None:
    """List the runs of a target, the newest first."""
    from bundle_runner.commands import Asked, list_runs

    list_runs(Asked(**bundle), form)


@runs.command("show")
@click.argument("run_id", metavar="RUN")
@bundle_options
@format_option
def runs_show(run_id: str, form: str, **bundle: Any) -> None:
    """Show one run; a beginning of its id or `last` is enough."""
    from bundle_runner.commands import Asked, show_run

    show_run(Asked(**bundle), run_id, form)


@runs.command("diff")
@click.argument("before", metavar="RUN")
@click.argument("after", metavar="RUN")
@click.option("--page", is_flag=True, help="Write a page beside the run folders, too.")
@bundle_options
def runs_diff(before: str, after: str, page: bool, **bundle: Any) -> None:
    """Hold one run against another: states, records, rules, tables."""
    from bundle_runner.commands import Asked, diff_runs

    diff_runs(Asked(**bundle), before, after, page)


@runs.command("schema")
def runs_schema() -> None:
    """Print the JSON Schema of a run's run.json (docs/run.md)."""
    import json

    from bundle_runner.record_schema import record_schema

    click.echo(json.dumps(record_schema(), indent=1))


@runs.command("open")
@click.argument("run_id", metavar="RUN", default="last")
@click.option("--print", "only_print", is_flag=True, help="Only print where the page is.")
@bundle_options
def runs_open(run_id: str, only_print: bool, **bundle: Any) -> None:
    """Open the page of one run, by default of the last, in a browser."""
    from bundle_runner.commands import Asked, open_run

    open_run(Asked(**bundle), run_id, only_print)


@lakehouse.group()
def render() -> None:
    """Write the jobs for other schedulers."""


@render.command("airflow")
@click.option("--local", is_flag=True, help="For Airflow on this machine: each task is a process of this runner.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder of the DAG files.")
@bundle_options
def render_airflow(local: bool, out: Path | None, **bundle: Any) -> None:
    """Write each job as a DAG of Airflow 3.

    Without --local it starts the deployed job and watches its tasks. What a DAG cannot hold is told.
    """
    from bundle_runner.commands import Asked
    from bundle_runner.render.command import render_airflow as write

    write(Asked(**bundle), out, local=local)


@lakehouse.group()
def task() -> None:
    """Carry out a run task by task, for other schedulers.

    The last line of each command is JSON.
    """


run_id_option = click.option("--run-id", required=True, metavar="RUN", help="The run that the tasks share.")


@task.command("begin")
@click.argument("job")
@run_id_option
@click.option(
    "--params", multiple=True, callback=pairs, metavar="NAME=VALUE", help="Set a job parameter; may be repeated."
)
@bundle_options
def task_begin(job: str, run_id: str, params: dict[str, str], **bundle: Any) -> None:
    """Check JOB and open its run; one that was open before goes on."""
    from bundle_runner.commands import Asked
    from bundle_runner.relay_commands import begin_run

    sys.exit(begin_run(Asked(**bundle), job, params, run_id))


@task.command("open")
@click.argument("key", metavar="TASK")
@run_id_option
@bundle_options
def task_open(key: str, run_id: str, **bundle: Any) -> None:
    """Tell over what the for_each task TASK goes."""
    from bundle_runner.commands import Asked
    from bundle_runner.relay_commands import open_loop

    sys.exit(open_loop(Asked(**bundle), run_id, key))


@task.command("run")
@click.argument("key", metavar="TASK")
@run_id_option
@click.option("--index", type=click.IntRange(0), help="The iteration of a for_each task; without it, its sum.")
@bundle_options
def task_run(key: str, run_id: str, index: int | None, **bundle: Any) -> None:
    """Carry out one attempt of TASK, where the ends above let it run."""
    from bundle_runner.commands import Asked
    from bundle_runner.relay_commands import run_task

    sys.exit(run_task(Asked(**bundle), run_id, key, index))


@task.command("end")
@run_id_option
@bundle_options
def task_end(run_id: str, **bundle: Any) -> None:
    """Close the run; the exit code is that of `lakehouse run`."""
    from bundle_runner.commands import Asked
    from bundle_runner.relay_commands import end_run

    sys.exit(end_run(Asked(**bundle), run_id))


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
