"""`lakehouse runs`: look at what ran."""

from __future__ import annotations

import json
from typing import Any

import click

from bundle_runner.cli.options import bundle_options


@click.group()
def runs() -> None:
    """Look at what ran."""


format_option = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")


@runs.command("list")
@bundle_options
@format_option
def runs_list(form: str, **bundle: Any) -> None:
    """List the runs of a target, the newest first."""
    from bundle_runner.cli.commands import Asked, list_runs

    list_runs(Asked(**bundle), form)


@runs.command("show")
@click.argument("run_id", metavar="RUN")
@bundle_options
@format_option
def runs_show(run_id: str, form: str, **bundle: Any) -> None:
    """Show one run; a beginning of its id or `last` is enough."""
    from bundle_runner.cli.commands import Asked, show_run

    show_run(Asked(**bundle), run_id, form)


@runs.command("diff")
@click.argument("before", metavar="RUN")
@click.argument("after", metavar="RUN")
@click.option("--page", is_flag=True, help="Write a page beside the run folders, too.")
@bundle_options
def runs_diff(before: str, after: str, page: bool, **bundle: Any) -> None:
    """Hold one run against another: states, records, rules, tables."""
    from bundle_runner.cli.commands import Asked, diff_runs

    diff_runs(Asked(**bundle), before, after, page)


@runs.command("schema")
def runs_schema() -> None:
    """Print the JSON Schema of a run's run.json (docs/run.md)."""
    from bundle_runner.record.schema import record_schema

    click.echo(json.dumps(record_schema(), indent=1))


@runs.command("open")
@click.argument("run_id", metavar="RUN", default="last")
@click.option("--print", "only_print", is_flag=True, help="Only print where the page is.")
@bundle_options
def runs_open(run_id: str, only_print: bool, **bundle: Any) -> None:
    """Open the page of one run, by default of the last, in a browser."""
    from bundle_runner.cli.commands import Asked, open_run

    open_run(Asked(**bundle), run_id, only_print)
