"""Rules on how often a task is tried and how long it may take."""

from __future__ import annotations

from collections.abc import Iterator

from bundle_runner.lint.finding import Finding, warning
from bundle_runner.lint.places import a_text
from bundle_runner.lint.reading import JobView, ReadBundle, TaskView

NO_RETRY = warning(
    "B415",
    "An interval between retries, and no retries",
    "Without max_retries a task is not tried again.",
    "min_retry_interval_millis: 1000",
    "{max_retries: 1, min_retry_interval_millis: 1000}",
)
SHORT = warning(
    "B424",
    "Less than a second between retries",
    "The field counts milliseconds; most likely seconds were meant, and the retries are used up at once.",
    "{max_retries: 2, min_retry_interval_millis: 60}",
    "{max_retries: 2, min_retry_interval_millis: 60000}",
)
TOO_LONG = warning(
    "B425",
    "A task may take longer than its job",
    "The job is stopped first, so the task's own limit never counts.",
    "job: {timeout_seconds: 3600} and task: {timeout_seconds: 7200}",
    "job: {timeout_seconds: 7200} and task: {timeout_seconds: 3600}",
)


def check_timing(bundle: ReadBundle) -> Iterator[Finding]:
    """Check retries and limits of every task, as each target sees it."""
    for view in bundle.views:
        for job in view.jobs:
            for task in job.bodies:
                yield from _interval(task)
                yield from _limit(task, job)


def _interval(task: TaskView) -> Iterator[Finding]:
    interval, where = _number(task, "min_retry_interval_millis"), task.place("min_retry_interval_millis")
    if "condition_task" in task.body or not interval:
        return
    if not task.body.get("max_retries"):
        yield NO_RETRY.at(where, f"task {task.key}: min_retry_interval_millis has no effect without max_retries")
    elif interval < 1000:
        yield SHORT.at(
            where,
            f"task {task.key}: min_retry_interval_millis {interval} is less than a second; it counts milliseconds",
        )


def _limit(task: TaskView, job: JobView) -> Iterator[Finding]:
    own, whole = _number(task, "timeout_seconds"), _number(job, "timeout_seconds")
    if own and whole and own > whole:
        yield TOO_LONG.at(
            task.place("timeout_seconds"),
            f"task {task.key}: timeout_seconds {own} never counts, the whole job is stopped after {whole}",
        )


def _number(part: TaskView | JobView, name: str) -> int | None:
    text = a_text(part.body.get(name))
    return int(text) if text is not None and text.isdecimal() else None
