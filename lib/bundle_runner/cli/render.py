"""What `lakehouse render airflow` does, once click has read its arguments."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from bundle_runner.cli.commands import Asked
from bundle_runner.render.airflow import Call, Dag, render


def render_airflow(asked: Asked, out: Path | None, *, local: bool) -> None:
    """Write a DAG file for each job, and say what none of them holds.

    Raises: BundleError for a job that cannot be understood, before anything is written; TargetError for `--local`
    with a target that does not live on this machine.
    """
    bundle = asked.load()
    runner = None
    if local:
        bundle.local_root()
        runner = Call(_command(), str(bundle.folder.resolve()), bundle.target, tuple(_options(asked)))
    folder = out or bundle.folder / ".airflow" / "dags"
    dags = [render(bundle, key, runner) for key in bundle.job_keys]
    folder.mkdir(parents=True, exist_ok=True)
    for dag in dags:
        _write(folder / dag.name, dag)


def _options(asked: Asked) -> Iterator[str]:
    """Give the options without which the bundle would not be the same."""
    if asked.root:
        yield from ("--root", str(asked.root.resolve()))
    for name, value in asked.variables.items():
        yield from ("--var", f"{name}={value}")


def _command() -> str:
    """Return the command of this environment; Airflow's own has none."""
    beside = Path(sys.prefix) / "bin" / "lakehouse"
    return str(beside) if beside.is_file() else shutil.which("lakehouse") or "lakehouse"


def _write(path: Path, dag: Dag) -> None:
    path.write_text(dag.text, encoding="utf-8")
    click.echo(f"{path}")
    for loss in dag.losses:
        click.echo(f"  {loss}")
