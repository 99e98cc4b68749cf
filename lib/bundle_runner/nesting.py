"""Jobs that run other jobs: no circle, and not too deep."""

from __future__ import annotations

from collections.abc import Iterator

from bundle_runner.bundle import Bundle
from bundle_runner.errors import GraphError, UsageError
from bundle_runner.model import Job, RunJobTask

DEPTH = 3


def job_runs(job: Job) -> Iterator[tuple[str, RunJobTask]]:
    """Return each task that runs another job, whether by itself or for each element of a list."""
    for task in job.tasks:
        body = task.for_each_task.task if task.for_each_task else task
        if body.run_job_task:
            yield task.task_key, body.run_job_task


def check_nesting(bundle: Bundle, key: str, around: tuple[str, ...] = ()) -> None:
    """Follow the jobs that a job runs.

    Raises: GraphError for a circle, and for more levels than Lakeflow allows; UsageError for a job that is not there.
    Source: Lakeflow's page "Run Job task for jobs".
    """
    chain = " → ".join((*around, key))
    if key in around:
        raise GraphError(f"jobs run each other in a circle: {chain}; nothing was started")
    if len(around) > DEPTH:
        raise GraphError(f"run_job_tasks nest more than {DEPTH} deep: {chain}; nothing was started")
    for task_key, inner in job_runs(bundle.job(key)):
        if inner.job_id not in bundle.job_keys:
            raise UsageError(
                f"task {task_key} of job {key}: {inner.job_id} is no job of this bundle; "
                "write job_id: ${resources.jobs.NAME.id}; nothing was started"
            )
        check_nesting(bundle, inner.job_id, (*around, key))
