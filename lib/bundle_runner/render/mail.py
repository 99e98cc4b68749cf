"""Write who is told what: notifiers of Airflow's SMTP provider, and its deadline."""

from __future__ import annotations

from collections.abc import Sequence

from bundle_runner.model import Job, Task
from bundle_runner.render.carried import DURATION, late_recipients
from bundle_runner.render.source import call, literal

WORDS = {"on_start": "has started", "on_success": "succeeded", "on_failure": "failed", "late": "takes too long"}
EVENTS = {
    "on_start": "on_execute_callback",
    "on_success": "on_success_callback",
    "on_failure": "on_failure_callback",
}


def run_mail(job: Job) -> bool:
    """Tell whether somebody hears of a run."""
    return any(job.mails(event) for event in EVENTS)


def notifier(to: Sequence[str], event: str, *, task: bool = False) -> str:
    """Return a notifier that mails these people; the connection `smtp_default` says by which server."""
    return f"SmtpNotifier({', '.join(_arguments(to, event, task=task))})"


def _arguments(to: Sequence[str], event: str, *, task: bool = False) -> list[str]:
    what = "{{ dag.dag_id }}" + (" {{ ti.task_id }}" if task else "")
    subject, body = f"{what} {WORDS[event]}", f"{what} {WORDS[event]}: run {{{{ run_id }}}}"
    return [f"to={literal(list(to))}", f"subject={literal(subject)}", f"html_content={literal(body)}"]


def callbacks(task: Task) -> list[str]:
    """Return the arguments of a task that tell of it."""
    return [f"{EVENTS[event]}={notifier(task.mails(event), event, task=True)}" for event in EVENTS if task.mails(event)]


def deadline(job: Job) -> list[str]:
    """Return the lines that make a deadline of the job's duration rule, where Airflow has deadlines."""
    rules = [rule.value for rule in job.health.rules if rule.metric == DURATION] if job.health else []
    to = late_recipients(job)
    if not to or not rules:
        return ["", "DEADLINE = {}"] if to else []
    subject = f"{job.name or ''} takes longer than {min(rules)} s".strip()
    given = f'{{"to": {literal(to)}, "subject": {literal(subject)}, "html_content": {literal(subject)}}}'
    late = call("late = AsyncCallback(", ["SmtpNotifier", f"kwargs={given}"], 4)
    when = f"reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(seconds={min(rules)}), callback=late"
    return [
        "",
        "try:",
        "    from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference",
        "except ImportError:  # Airflow 3.0",
        "    DEADLINE = {}",
        "else:",
        late,
        f"    alert = DeadlineAlert({when})",
        '    DEADLINE = {"deadline": alert}',
    ]
