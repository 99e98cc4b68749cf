"""`lakehouse render` and `lakehouse task`: the jobs for other schedulers, and what these call."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from bundle_runner.cli.options import bundle_options, pairs


@click.group()
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
    from bundle_runner.cli.commands import Asked
    from bundle_runner.cli.render import render_airflow as write

    write(Asked(**bundle), out, local=local)


@click.group()
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
    from bundle_runner.cli.commands import Asked
    from bundle_runner.cli.task import begin_run

    sys.exit(begin_run(Asked(**bundle), job, params, run_id))


@task.command("open")
@click.argument("key", metavar="TASK")
@run_id_option
@bundle_options
def task_open(key: str, run_id: str, **bundle: Any) -> None:
    """Tell over what the for_each task TASK goes."""
    from bundle_runner.cli.commands import Asked
    from bundle_runner.cli.task import open_loop

    sys.exit(open_loop(Asked(**bundle), run_id, key))


@task.command("run")
@click.argument("key", metavar="TASK")
@run_id_option
@click.option("--index", type=click.IntRange(0), help="The iteration of a for_each task; without it, its sum.")
@bundle_options
def task_run(key: str, run_id: str, index: int | None, **bundle: Any) -> None:
    """Carry out one attempt of TASK, where the ends above let it run."""
    from bundle_runner.cli.commands import Asked
    from bundle_runner.cli.task import run_task

    sys.exit(run_task(Asked(**bundle), run_id, key, index))


@task.command("end")
@run_id_option
@bundle_options
def task_end(run_id: str, **bundle: Any) -> None:
    """Close the run; the exit code is that of `lakehouse run`."""
    from bundle_runner.cli.commands import Asked
    from bundle_runner.cli.task import end_run

    sys.exit(end_run(Asked(**bundle), run_id))
