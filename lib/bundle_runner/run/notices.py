"""Tell those who are to hear of a run: each notification is a line in the run folder, and is sent where a route leads.

Sending happens beside the run, takes a bounded time and never fails it.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bundle_runner.model import Told
from bundle_runner.record.records import TaskRecord, now
from bundle_runner.run.senders import Routes
from bundle_runner.states import CANCELS, FAILURES, ResultState

FILE = "notifications.jsonl"
START, SUCCESS, FAILURE = "on_start", "on_success", "on_failure"
TOO_LONG = "on_duration_warning_threshold_exceeded"
PATIENCE_SECONDS = 15.0
"""How long a run that has ended waits for what is still to be sent."""
SKIPPED = frozenset({ResultState.UPSTREAM_FAILED, ResultState.UPSTREAM_CANCELED})
GOOD = frozenset({ResultState.SUCCESS, ResultState.SUCCESS_WITH_FAILURES})


@dataclass(frozen=True)
class Subject:
    """The run, and within it the task, of which somebody hears."""

    run_id: str
    job: str
    job_name: str
    task: str | None = None

    @property
    def about(self) -> str:
        """Return it in words."""
        return f"task {self.task} of job {self.job_name}" if self.task else f"job {self.job_name}"


@dataclass(frozen=True)
class _Letter:
    channel: str
    to: str
    content: dict[str, Any]


class Notices:
    """The notifications of one run; may be told from any thread. `warn` hears of what could not be sent."""

    def __init__(self, folder: Path, routes: Routes, warn: Callable[[str], None]) -> None:
        self._folder, self._routes, self._warn = folder, routes, warn
        self._letters: queue.SimpleQueue[_Letter | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open = 0
        self._sender = threading.Thread(target=self._send, name="notices", daemon=True)
        self._sender.start()

    def tell(self, told: Told, event: str, subject: Subject, **facts: Any) -> None:
        """Tell an event of a job or a task to all who are to hear of it."""
        content = {"event": event, "about": subject.about, "at": now(), **asdict(subject), **facts}
        for channel, to in told.recipients(event):
            if self._routes.leads(channel):
                with self._lock:
                    self._open += 1
                self._letters.put(_Letter(channel, to, content))
            else:
                self._note(_Letter(channel, to, content), sent=False)

    def close(self) -> None:
        """Wait a while for what is still to be sent, and say what was not."""
        self._letters.put(None)
        self._sender.join(PATIENCE_SECONDS)
        with self._lock:
            left = self._open
        if left:
            self._warn(f"{left} notifications were not sent within {PATIENCE_SECONDS:.0f} s after the run")

    def _send(self) -> None:
        while letter := self._letters.get():
            begun = time.monotonic()
            reason = self._routes.send(letter.channel, letter.to, letter.content)
            self._note(letter, sent=not reason, seconds=round(time.monotonic() - begun, 1), reason=reason)
            if reason:
                self._warn(f"the notification {letter.content['event']} for {letter.to} was not sent: {reason}")
            with self._lock:
                self._open -= 1

    def _note(self, letter: _Letter, **how: Any) -> None:
        line = json.dumps({**letter.content, "channel": letter.channel, "to": letter.to, **how}, ensure_ascii=False)
        with self._lock, (self._folder / FILE).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def event_of(told: Told, state: ResultState) -> str | None:
    """Return the event as which an end is told; None where nobody wants to hear of it."""
    settings = told.settings
    if state in GOOD:
        return SUCCESS
    if state in SKIPPED:
        return None if settings.no_alert_for_skipped_runs else FAILURE
    if state in CANCELS:
        return None if settings.no_alert_for_canceled_runs else FAILURE
    return FAILURE if state in FAILURES else None


class Teller:
    """Tells of one job or one task: when it starts, fails and is tried again, takes too long, and ends."""

    def __init__(self, notices: Notices, told: Told, subject: Subject, attempts: int = 0) -> None:
        self._notices, self._told, self._subject = notices, told, subject
        self._seen = attempts + 1

    def started(self) -> None:
        """Tell that it starts."""
        self._tell(START)

    def heard(self, task: TaskRecord) -> None:
        """Hear of a step of a task; tell of a failed attempt and the next one, unless only the last one counts."""
        count = len(task.attempts)
        if count > self._seen and not self._told.settings.alert_on_last_attempt:
            failed = task.attempts[-2]
            self._tell(FAILURE, state=failed.state, message=failed.message, attempt=failed.number)
            self._tell(START, attempt=count)
        self._seen = max(count, self._seen)

    def warned(self, words: str) -> None:
        """Tell that it takes too long."""
        self._tell(TOO_LONG, message=words)

    def ended(self, state: ResultState, message: str = "") -> None:
        """Tell how it ended."""
        event = event_of(self._told, state)
        if event:
            self._tell(event, state=state, message=message)

    def _tell(self, event: str, **facts: Any) -> None:
        self._notices.tell(self._told, event, self._subject, **facts)
