"""Rules on jobs that run other jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bundle_runner.bundle.located import Where
from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error
from bundle_runner.lint.places import a_map, a_text, members, opaque, texts_of
from bundle_runner.lint.reading import JobView, ReadBundle, TaskView, View

CALLS_ITSELF = error(
    "B417",
    "A job runs itself, or jobs run each other",
    "Each run would start another one.",
    'run_job_task: {job_id: "${resources.jobs.daily.id}"} in job daily',
    "another job",
)
NO_ID = error(
    "B419",
    "job_id is no id",
    "The CLI wants a number there and refuses the bundle.",
    "run_job_task: {job_id: daily}",
    'run_job_task: {job_id: "${resources.jobs.daily.id}"}',
)
NO_PARAMETER = error(
    "B420",
    "A task gives a job a parameter that the job does not have",
    "The value is lost: no task of that job can ask for it.",
    "job_parameters: {dya: …} where the job declares day",
    "job_parameters: {day: …}",
)
REFERENCE = re.compile(r"\$\{resources\.jobs\.([\w-]+)\.id\}")


def check_run_jobs(bundle: ReadBundle) -> Iterator[Finding]:
    """Check the tasks that run a job of this bundle, as each target sees them."""
    for view in bundle.views:
        for job in view.jobs:
            for task in job.bodies:
                yield from _job_id(task)
                yield from _given(task, view)
        yield from _circles(view)


def _given(task: TaskView, view: View) -> Iterator[Finding]:
    run = a_map(task.body.get("run_job_task"))
    match = REFERENCE.fullmatch(str(run.get("job_id")))
    called = next((job for job in view.jobs if match and job.key == match[1]), None)
    if called is None or opaque(called.body.get("parameters")):
        return
    declared = texts_of(called.body.get("parameters"), "name")
    for name, _, where in members(run.get("job_parameters")):
        if name not in declared:
            yield NO_PARAMETER.at(
                where, f"task {task.key}: job {called.key} has no parameter {name}{did_you_mean(name, declared)}"
            )


def _called(job: JobView) -> dict[str, Where]:
    """Return the jobs of this bundle that a job runs, and where it says so."""
    found = {}
    for task in job.bodies:
        run = a_map(task.body.get("run_job_task"))
        match = REFERENCE.fullmatch(str(run.get("job_id")))
        if match:
            found[match[1]] = run.where["job_id"]
    return found


def _circles(view: View) -> Iterator[Finding]:
    calls = {job.key: _called(job) for job in view.jobs}
    for key, called in calls.items():
        for first, where in called.items():
            reached, left = set[str](), [first]
            while left:
                job = left.pop()
                left += [] if job in reached else list(calls.get(job, ()))
                reached.add(job)
            if key in reached:
                way = "itself" if first == key else f"{first}, which runs {key} again"
                yield CALLS_ITSELF.at(where, f"job {key} runs {way}: one run would start the next without end")


def _job_id(task: TaskView) -> Iterator[Finding]:
    run = a_map(task.body.get("run_job_task"))
    text = a_text(run.get("job_id"))
    if text is not None and not text.isdigit() and "{{" not in text:
        hint = f"${{resources.jobs.{text}.id}}"
        yield NO_ID.at(run.where["job_id"], f"task {task.key}: job_id must be a number, got {text!r}; say {hint}")
