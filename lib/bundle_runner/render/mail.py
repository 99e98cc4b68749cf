"""Write who is told what: notifiers of Airflow's SMTP provider, and its deadline."""

from __future__ import annotations

from collections.abc import Sequence

from bundle_runner.model import Job, Task
from bundle_runner.render.carried import DURATION, late_recipients
from bundle_runner.render.source import literal

WORDS = {"on_start": "has started", "on_success": "succeeded", "on_failure": "failed"}
EVENTS = {
    "on_start": "on_execute_callback",
    "on_success": "on_success_callback",
    "on_failure": "on_failure_callback",
}
MAIL = '''

def mail(words, *people):
    """Tell people by the connection smtp_default."""
    text = f"{{{{ dag.dag_id }}}} {words}"
    return SmtpNotifier(to=list(people), subject=text, html_content=f"{text}: run {{{{ run_id }}}}")
'''


def run_mail(job: Job) -> bool:
    """Tell whether somebody hears of a run."""
    return any(job.mails(event) for event in EVENTS)


def notifier(to: Sequence[str], event: str, *, task: bool = False) -> str:
    """Return a call of the file's own `mail`."""
    words = f"{'{{ ti.task_id }} ' if task else ''}{WORDS[event]}"
    return f"mail({', '.join([literal(words), *map(literal, to)])})"


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
    when = f"reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(seconds={min(rules)}), callback=late"
    return [
        "",
        "try:",
        "    from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference",
        "except ImportError:  # Airflow 3.0",
        "    DEADLINE = {}",
        "else:",
        f"    words = {literal(subject)}",
        f'    told = {{"to": {literal(to)}, "subject": words, "html_content": words}}',
        "    late = AsyncCallback(SmtpNotifier, kwargs=told)",
        f"    alert = DeadlineAlert({when})",
        '    DEADLINE = {"deadline": alert}',
    ]
