"""Write a job as a DAG file of Airflow 3: for the runner on this machine, task by task, or for the deployed job."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files

from bundle_runner.bundle.load import Bundle
from bundle_runner.model import Job, JobParameter, Task
from bundle_runner.plan.graph import Graph, build_graph
from bundle_runner.render import local_tasks, watched_tasks
from bundle_runner.render.carried import Loss, late_recipients, losses
from bundle_runner.render.mail import MAIL, callbacks, deadline, notifier, run_mail
from bundle_runner.render.source import call, comment, literal
from bundle_runner.render.timing import Timing, timing
from bundle_runner.schedule.triggers import is_paused

LOCAL_IMPORTS = """\
import json
import os
import subprocess
from datetime import timedelta
from hashlib import sha256

import pendulum
"""
WATCHED_IMPORTS = """\
import os
from datetime import timedelta
from hashlib import sha256

import pendulum
from airflow.providers.databricks.hooks.databricks import DatabricksHook
"""
# The compiled-in home of exceptions changed; the old one warns from 3.1 on.
EXCEPTIONS = """\
try:
    from airflow.sdk.exceptions import {names}
except ImportError:  # Airflow 3.0
    from airflow.exceptions import {names}
"""


LOCAL_WAY = "Each task is a process of the runner, with a Spark of its own; all share one run folder."
WATCHED_WAY = "The deployed job runs in its workspace; here each of its tasks is watched."
WEEK = 604800
"""Seconds for which a run without a timeout is watched."""


@dataclass(frozen=True)
class Call:
    """How the DAG of this machine calls the runner; `options` are those of the bundle besides folder and target."""

    command: str
    bundle: str
    target: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dag:
    """A rendered file and what of the job it does not hold."""

    name: str
    text: str
    losses: tuple[Loss, ...]


def render(bundle: Bundle, key: str, runner: Call | None) -> Dag:
    """Write one job as a DAG; without a runner, for the job as it is deployed.

    Raises: BundleError for a job that cannot be understood.
    """
    job = bundle.job(key)
    graph = build_graph(job, bundle.task_places(key))
    when = timing(job)
    development = runner is None and _mode(bundle) == "development"
    lost = [*losses(job, local=runner is not None), *(Loss(when.field, words) for words in when.lost)]
    lost += [Loss("name", PREFIXED)] if development else []
    parts = _local(job, key, graph, runner) if runner else _watched(job, key, graph)
    imports, prelude, body = parts
    starts = bool(job.schedule or job.trigger or job.continuous)
    when = replace(when, paused=(starts and is_paused(bundle, job)) or development)
    arguments = _dag(job, key, when, local=runner is not None)
    text = "\n".join(
        [
            *_head(job, key, lost, runner),
            "",
            imports,
            prelude,
            _parameters(job, local=runner is not None),
            *([] if runner is None else deadline(job)),
            "",
            call("with DAG(", arguments, tail="):"),
            *(f"    {line}" if line else "" for line in body),
            "",
        ]
    )
    return Dag(f"{key}.py", text, tuple(lost))


PREFIXED = "mode: development puts a prefix before the job's name: set LAKEHOUSE_DATABRICKS_JOB to the whole name"


def _mode(bundle: Bundle) -> object:
    return ((bundle.tree.get("targets") or {}).get(bundle.target) or {}).get("mode")


def _head(job: Job, key: str, lost: list[Loss], runner: Call | None) -> list[str]:
    command = f"lakehouse render airflow{f' --local -t {runner.target}' if runner else ''}"
    title = comment(f"{job.name or key}: {job.description or 'a job of the bundle.'}")
    way = LOCAL_WAY if runner else WATCHED_WAY
    written = f"Written by `{command}` from the job {key}: render it anew instead of changing it. {way}"
    lines = [f'"""{title[0]}', *title[1:], "", *comment(written)]
    lines += ["", "Not carried over, or not quite:"] if lost else ["", "All of the job is carried over."]
    return [*lines, *(line for loss in lost for line in comment(str(loss), "- ", "  ")), '"""']


def _local(job: Job, key: str, graph: Graph, runner: Call) -> tuple[str, str, list[str]]:
    told = run_mail(job) or any(callbacks(_body(task)) for task in job.tasks)
    mails = told or (late_recipients(job) and any(deadline(job)[2:]))
    third = ["from airflow.providers.smtp.notifications.smtp import SmtpNotifier"] if mails else []
    third += [
        "from airflow.providers.standard.operators.branch import BaseBranchOperator",
        *(["from airflow.providers.standard.operators.empty import EmptyOperator"] if _outcomes(graph) else []),
        f"from airflow.sdk import DAG, BaseOperator{', Param' if job.parameters else ''}",
    ]
    raised = "AirflowException, AirflowFailException, AirflowSkipException"
    imports = LOCAL_IMPORTS + "\n".join(third) + "\n\n" + EXCEPTIONS.format(names=raised)
    mail = MAIL if told else ""
    marks = {"BUNDLE": runner.bundle, "COMMAND": runner.command, "TARGET": runner.target, "JOB": key}
    prelude = _prelude("local.py.txt", marks).replace("@OPTIONS@", literal(list(runner.options)))
    return imports, prelude + mail, local_tasks.lines(job, graph)


def _watched(job: Job, key: str, graph: Graph) -> tuple[str, str, list[str]]:
    names = f"DAG, BaseOperator, {'Param, ' if job.parameters else ''}get_current_context, task"
    imports = f"{WATCHED_IMPORTS}from airflow.sdk import {names}\n\n"
    imports += EXCEPTIONS.format(names="AirflowFailException, AirflowSkipException")
    prelude = _prelude("databricks.py.txt", {"JOB": job.name or key})
    return imports, prelude.replace("@WAIT@", str(job.timeout_seconds or WEEK)), watched_tasks.lines(graph)


def _prelude(name: str, marks: dict[str, str]) -> str:
    text = (files("bundle_runner.render") / name).read_text(encoding="utf-8")
    for mark, value in marks.items():
        text = text.replace(f"@{mark}@", literal(value))
    return text


def _body(task: Task) -> Task:
    return task.for_each_task.task if task.for_each_task else task


def _outcomes(graph: Graph) -> bool:
    return any(dependency.outcome for task in graph.tasks.values() for dependency in task.depends_on)


def _parameters(job: Job, *, local: bool) -> str:
    lines = [f"    {literal(one.name)}: {_parameter(one, local=local)},\n" for one in job.parameters]
    words = (
        "All are text, as in Lakeflow." if local else "All are text, as in Lakeflow; None: what the deployed job says."
    )
    return f"\n# {words}\nPARAMETERS = {{" + ("\n" + "".join(lines) if lines else "") + "}"


def _parameter(one: JobParameter, *, local: bool) -> str:
    return f'Param({literal(one.default)}, type="string")' if local else 'Param(None, type=["null", "string"])'


def _dag(job: Job, key: str, when: Timing, *, local: bool) -> list[str]:
    found = [
        literal(key),
        f"description={literal(job.description)}" if job.description else "",
        f"schedule={when.schedule}",
        f"start_date=pendulum.datetime(2026, 1, 1, tz={literal(when.zone)})",
        "catchup=False",
        # An Airflow may have another default, and a gate must not be asked twice.
        'default_args={"retries": 0}' if local else "default_args=CARE",
        f"max_active_runs={1 if job.continuous else job.max_concurrent_runs or 1}",
        f"dagrun_timeout=timedelta(seconds={job.timeout_seconds})" if job.timeout_seconds and local else "",
        f"is_paused_upon_creation={when.paused}",
        "params=PARAMETERS",
        f"tags={literal(sorted(f'{name}:{value}' if value else name for name, value in job.tags.items()))}",
    ]
    for event, argument in (("on_failure", "on_failure_callback"), ("on_success", "on_success_callback")):
        to = job.mails(event)
        if to and local:
            found.append(f"{argument}={notifier(to, event)}")
    if local and late_recipients(job):
        found.append("**DEADLINE")
    return [argument for argument in found if argument]
