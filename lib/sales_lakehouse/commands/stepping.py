"""What the commands that do one step by hand share: the parameters that a job would give it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from sales_lakehouse.commands.declared import Refused, is_path, lakehouse_root, load_declared, told, value_of_bundle
from sales_lakehouse.run import Run
from sales_lakehouse.specs.unfinished import unfinished

connection_option = click.option(
    "--connection",
    "connections",
    multiple=True,
    metavar="NAME=URL",
    help="Base URL of an API, beside those of the job. May be repeated.",
)


def run_by_hand(
    bundle: Path, lakehouse: Path | None = None, connections: Sequence[str] = (), day: datetime | None = None
) -> Run:
    """Return the run that a step by hand is: the bundle's places and connections, and those that are given.

    Raises: Refused for a connection that is no NAME=URL, and for declarations that cannot be read.
    """
    pipelines, root = load_declared(bundle), lakehouse_root(bundle, lakehouse).resolve()
    with told():
        known = json.loads(value_of_bundle("connections", bundle) or "{}")
        return Run.of(
            {
                "run_id": "by-hand",
                "lakehouse_root": str(root),
                "inbox_root": _inbox(bundle, root, lakehouse),
                "pipelines_root": str(pipelines.root),
                "connections": json.dumps(known | dict(map(_connection, connections))),
                "business_date": str(day.date()) if day else "",
            }
        )


def must_be_finished(run: Run, source: str) -> None:
    """Refuse a source whose file is a draft that waits to be filled in, as a run does."""
    path = Path(source) if is_path(source) else run.pipelines_root / "sources" / f"{source}.yml"
    if left := unfinished(path):
        raise Refused(f"{left}; nothing was asked, nothing landed; fill it in, then `lakehouse sources show {source}`")


def _inbox(bundle: Path, root: Path, lakehouse: Path | None) -> str:
    """Return the inbox of the bundle; of a lakehouse that is named, its own."""
    return (not lakehouse and value_of_bundle("inbox_root", bundle)) or str(root / "inbox")


def _connection(text: str) -> tuple[str, str]:
    name, is_there, url = text.partition("=")
    if not is_there or not name or "://" not in url:
        raise click.UsageError(f"--connection {text!r}: expected NAME=URL, like shop_api=https://shop.example.com")
    return name, url
