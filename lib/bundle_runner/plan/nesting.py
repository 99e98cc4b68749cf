"""Jobs that run other jobs: no circle, and not too deep."""

from __future__ import annotations

from collections.abc import Iterator

from bundle_runner.bundle.load import Bundle
from bundle_runner.errors import GraphError, UsageError
from bundle_runner.model import Job, RunJobTask

DEPTH = 3


def job_runs(job: Job) -> Iterator[tuple[str, RunJobTask]]:
    """Return each task that runs another job, whether by itself or for each element of a list."""
    for task in job.tasks:
        body = task.for_each_task.task if task.for_each_task else task
        if body.run_job_task:
            yield task.task_key, body.run_job_task


def check_nesting(bundle: Bundle, key: str, job: Job, around: tuple[str, ...] = ()) -> None:
    """Follow the jobs that a job runs.

    Raises: GraphError for a circle, and for more levels than Lakeflow allows; UsageError for a job that is not there.
    Source: Lakeflow's page "Run Job task for jobs".
    """
    callers = (*around, key)
    for task_key, inner in job_runs(job):
        chain = " → ".join((*callers, inner.job_id))
        if inner.job_id in callers:
            raise GraphError(f"task {task_key}: jobs run each other: {chain}; nothing was started")
        if len(callers) > DEPTH:
            raise GraphError(f"task {task_key}: jobs nest more than {DEPTH} deep: {chain}; nothing was started")
        if inner.job_id not in bundle.job_keys:
            raise UsageError(
                f"task {task_key} of job {key}: {inner.job_id} is no job of this bundle; "
                "write job_id: ${resources.jobs.NAME.id}; nothing was started"
            )
        check_nesting(bundle, inner.job_id, bundle.job(inner.job_id), callers)
