"""What the commands share: where the bundle is, and what is declared in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sales_lakehouse.errors import LakehouseError
from sales_lakehouse.simulate.places import find_bundle
from sales_lakehouse.specs import Pipelines, SourceSpec, load_pipelines, load_source

bundle_option = click.option(
    "--bundle", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder of the bundle."
)
lakehouse_option = click.option(
    "--lakehouse",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="BUNDLE_VAR_lakehouse_root",
    help="Folder of the lakehouse. Default: .lakehouse of the bundle.",
)
format_option = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")


_PASTED = "lakehouse.pasted"
"""Where the command line that called us keeps its way of writing commands; none where a command stands alone."""


class Refused(click.ClickException):
    """What was asked for cannot be done: a broken declaration, a value that is not possible. Nothing was written."""

    exit_code = 2


class Busy(click.ClickException):
    """Another run holds the lakehouse. Nothing was written."""

    exit_code = 4


def say(text: str) -> None:
    """Print a text for people; the commands in it work as pasted, whoever called us."""
    context = click.get_current_context()
    as_pasted = context.find_root().meta.get(_PASTED)
    click.echo(as_pasted(text, Path(context.params.get("bundle", Path()))) if callable(as_pasted) else text)


@contextmanager
def told() -> Iterator[None]:
    """Tell an error of the data as a command does: its message, no traceback, its exit code."""
    try:
        yield
    except LakehouseError as cause:
        kind = {2: Refused, 4: Busy}.get(cause.exit_code, click.ClickException)
        raise kind(str(cause)) from cause


def lakehouse_root(bundle: Path, lakehouse: Path | None) -> Path:
    """Return the folder of landing and tables: the one that is named, else the bundle's own."""
    return lakehouse or Path(value_of_bundle("lakehouse_root", bundle) or find_bundle(bundle) / ".lakehouse")


def load_declared(bundle: Path) -> Pipelines:
    """Read all declarations of the bundle that a folder lies in."""
    with told():
        return load_pipelines(Path(value_of_bundle("pipelines_root", bundle) or find_bundle(bundle) / "pipelines"))


def value_of_bundle(name: str, bundle: Path) -> str:
    """Ask the command line that called for a value of the bundle; none where a command stands alone."""
    value_for = click.get_current_context().find_root().obj
    return str(value_for(name, bundle.resolve())) if callable(value_for) else ""


def find_source(pipelines: Pipelines, name: str) -> SourceSpec:
    """Return a source by its name, or by the path of its file, which may lie anywhere."""
    with told():
        return load_source(Path(name)) if is_path(name) else pipelines.source(name)


def must_be_new(out: Path) -> None:
    """Refuse to write over a file, or into a folder that is missing."""
    if out.exists():
        raise click.UsageError(f"{out} is there already; nothing was written; give another name, or remove it")
    if not out.absolute().parent.is_dir():
        raise click.UsageError(f"{out}: there is no folder {out.absolute().parent}; nothing was written; make it first")


def is_path(source: str) -> bool:
    """Tell whether a source is named by the path of its file."""
    return source.endswith((".yml", ".yaml"))
