"""The command `lakehouse`: run a bundle's jobs, look at runs, and whatever the project adds."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import click

from bundle_runner.alone import value_for
from bundle_runner.errors import did_you_mean
from bundle_runner.pasted import pasted

GROUP = "lakehouse.commands"


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


def pairs(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read `k=v` options; the value may contain further equal signs."""
    found: dict[str, str] = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"expected name=value, got {value!r}", ctx=context, param=option)
        found[name] = text
    return found


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


def bundle_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which bundle, and how."""
    for option in (bundle_option, var_option, target_option):
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


@lakehouse.command()
@click.argument("job")
@click.option(
    "--params", multiple=True, callback=pairs, metavar="NAME=VALUE", help="Set a job parameter; may be repeated."
)
@only_option
@bundle_options
def run(job: str, params: dict[str, str], only: tuple[str, ...], **bundle: Any) -> None:
    """Run JOB as Lakeflow Jobs would, with Spark on this machine."""
    from bundle_runner.commands import Asked, run_job

    sys.exit(run_job(Asked(**bundle), job, params, only))


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
        error.show()
        sys.exit(error.exit_code)
    except OSError as error:
        sys.exit(_said(error, 1))
    except Exception as error:
        code = getattr(error, "exit_code", None)  # the errors of the runner and of added commands carry it
        if not isinstance(code, int):
            raise
        sys.exit(_said(error, code))
    sys.exit(0)


def _said(error: Exception, code: int) -> int:
    click.echo(f"lakehouse: {pasted(str(error))}", err=True)
    return code


if __name__ == "__main__":
    main()
