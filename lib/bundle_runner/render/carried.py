"""What of a job Airflow cannot take over, or takes over otherwise: field by field.

Every field of the job model stands in one of the tables, with an empty text where it is carried over whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bundle_runner.model import Job, Task

UNLIMITED = 100
DURATION = "RUN_DURATION_SECONDS"
LATE = "on_duration_warning_threshold_exceeded"
BACKLOG = "on_streaming_backlog_exceeded"
WORKSPACE_ONLY = "means something in a workspace only"
LAKEFLOW = "the workspace applies them; Airflow watches how each task ends"
NO_HOOKS = "not carried over: destinations are ids of a workspace; add a notifier of your own to the DAG"
DEADLINES = "a deadline from Airflow 3.1 on, counted from the moment the run was queued; Airflow 3.0 has none"
MAIL_SETTINGS = "not carried over: Airflow mails each failed run once, after the last attempt"

_DEPLOYED = (
    *("permissions", "run_as", "budget_policy_id", "usage_policy_id", "performance_target", "deployment"),
    *("edit_mode", "format", "lifecycle", "parent_path"),
)
_JOB_BOTH = {
    **dict.fromkeys(("tasks", "name", "description", "parameters", "tags", "max_concurrent_runs", "schedule"), ""),
    **dict.fromkeys(_DEPLOYED, f"not carried over: {WORKSPACE_ONLY}"),
    "trigger": "",
    "continuous": "",
    "queue": "",
}
JOB_LOCAL: Mapping[str, str] = {
    **_JOB_BOTH,
    "job_clusters": "each task starts a Spark of its own with the cluster's spark_conf and spark_env_vars; machines "
    "and their number mean nothing here",
    "environments": "each task starts a Spark Connect server of its own",
    "timeout_seconds": "Airflow ends the DAG run and its tasks; the runner's run.json then stays without an end",
    "health": "",
    "email_notifications": "",
    "webhook_notifications": NO_HOOKS,
    "notification_settings": MAIL_SETTINGS,
}
JOB_DATABRICKS: Mapping[str, str] = {
    **_JOB_BOTH,
    **dict.fromkeys(("job_clusters", "environments", "timeout_seconds", "health"), LAKEFLOW),
    **dict.fromkeys(("email_notifications", "webhook_notifications", "notification_settings"), LAKEFLOW),
}
_TASK_BOTH = dict.fromkeys(("task_key", "description", "depends_on"), "")
_KINDS = ("notebook_task", "spark_python_task", "python_wheel_task", "sql_task", "condition_task", "for_each_task")
TASK_LOCAL: Mapping[str, str] = {
    **_TASK_BOTH,
    **dict.fromkeys((*_KINDS, "run_if", "disabled", "retry_on_timeout", "timeout_seconds", "health"), ""),
    **dict.fromkeys(("job_cluster_key", "max_retries", "email_notifications"), ""),
    "run_job_task": "one Airflow task runs the whole job; its tasks are seen in its own run folder, not in Airflow",
    "min_retry_interval_millis": "Airflow counts it from the end of the failed attempt, and doubles it with each retry",
    "environment_key": "the task starts a Spark Connect server of its own",
    "existing_cluster_id": "not carried over: the task starts a Spark of its own on this machine",
    "new_cluster": "the task starts a Spark of its own with spark_conf and spark_env_vars; machines mean nothing here",
    "libraries": "not installed: the runner's environment holds them",
    "disable_auto_optimization": f"not carried over: {WORKSPACE_ONLY}",
    "webhook_notifications": NO_HOOKS,
    "notification_settings": MAIL_SETTINGS,
}
TASK_DATABRICKS: Mapping[str, str] = {
    **_TASK_BOTH,
    **{name: LAKEFLOW for name in TASK_LOCAL if name not in _TASK_BOTH},
    "for_each_task": "the workspace runs the loop; Airflow watches it as one task",
    "run_job_task": "the workspace runs the job; Airflow watches it as one task",
}


@dataclass(frozen=True)
class Loss:
    """A field of the job, and what becomes of it in Airflow."""

    field: str
    words: str

    def __str__(self) -> str:
        return f"{self.field}: {self.words}"


def losses(job: Job, *, local: bool) -> list[Loss]:
    """Return what is not carried over whole, in the order of the job's fields; one line for tasks that share it."""
    jobs, tasks = (JOB_LOCAL, TASK_LOCAL) if local else (JOB_DATABRICKS, TASK_DATABRICKS)
    found = [Loss(name, jobs[name]) for name in type(job).model_fields if name in job.model_fields_set and jobs[name]]
    found += _of_job(job, local=local)
    where: dict[tuple[str, str], list[str]] = {}
    for task in job.tasks:
        for name, words in _of_task(task, tasks, local=local):
            where.setdefault((name, words), []).append(task.task_key)
    found += [Loss(_tasks(job, keys, name, words), words) for (name, words), keys in where.items()]
    applied = dict.fromkeys(loss.field for loss in found if loss.words == LAKEFLOW)
    rest = [loss for loss in found if loss.words != LAKEFLOW]
    return [*rest, Loss(", ".join(applied), LAKEFLOW)] if applied else rest


def _tasks(job: Job, keys: list[str], name: str, words: str) -> str:
    everywhere = words == LAKEFLOW or len(keys) == len(job.tasks)
    which = "*" if everywhere else f"{{{','.join(keys)}}}" if len(keys) > 1 else keys[0]
    return f"tasks.{which}.{name}"


def _of_task(task: Task, table: Mapping[str, str], *, local: bool) -> Iterator[tuple[str, str]]:
    inner = task.for_each_task.task if task.for_each_task else None
    for name in type(task).model_fields:
        if name in task.model_fields_set and table[name]:
            yield name, table[name]
    for name in type(task).model_fields if inner and local else ():
        if inner and name in inner.model_fields_set and table[name]:
            yield f"for_each_task.task.{name}", table[name]
    if local:
        yield from _local_of_task(task)


def _local_of_task(task: Task) -> Iterator[tuple[str, str]]:
    body = task.for_each_task.task if task.for_each_task else task
    if task.for_each_task and task.timeout_seconds:
        yield "timeout_seconds", "not carried over: Airflow has a timeout for an iteration, none for a loop"
    if task.for_each_task:
        yield "for_each_task.inputs", "Airflow takes at most 1024 elements (core.max_map_length)"
    if body.max_retries < 0:
        yield "max_retries", f"unlimited in Lakeflow; Airflow tries again {UNLIMITED} times"
    if task.mails(LATE) or task.mails(BACKLOG):
        yield "email_notifications", "on_start, on_success and on_failure only: Airflow has no deadline for a task"


def _of_job(job: Job, *, local: bool) -> Iterator[Loss]:
    if not (job.queue and job.queue.enabled):
        yield Loss("queue", "is not enabled: Lakeflow skips a run that finds no place, Airflow lets it wait")
    if (job.schedule or job.trigger or job.continuous) and not local:
        yield Loss(
            "schedule" if job.schedule else "trigger" if job.trigger else "continuous",
            "both would start the job, Airflow and the workspace: pause one of them (pause_status: PAUSED in the "
            "target, or the DAG)",
        )
    if job.trigger and not job.trigger.periodic:
        kinds = ", ".join(sorted(job.trigger.model_fields_set))
        yield Loss("trigger", f"not carried over: {kinds}; the DAG has no schedule")
    if local:
        yield from _local_of_job(job)


def _local_of_job(job: Job) -> Iterator[Loss]:
    rules = job.health.rules if job.health else ()
    for rule in rules:
        if rule.metric != DURATION:
            yield Loss(f"health.{rule.metric}", "not carried over: it is of streaming alone")
        elif not late_recipients(job):
            yield Loss(
                f"health.{DURATION}",
                f"not carried over: email_notifications.{LATE} names nobody",
            )
        else:
            yield Loss(
                f"health.{DURATION}",
                DEADLINES,
            )
    if job.mails(BACKLOG):
        yield Loss(f"email_notifications.{BACKLOG}", "not carried over: it is of streaming alone")


def late_recipients(job: Job) -> list[str]:
    """Return who hears that a run takes too long."""
    return list(job.mails(LATE))
