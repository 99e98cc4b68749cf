"""What a person sees while a job runs: a line per event, and on a terminal a table that moves."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self

from bundle_runner.record.observer import Observer
from bundle_runner.record.records import TaskRecord, beginning, now, seconds_between
from bundle_runner.states import CANCELS, FAILURES, ResultState

MARKS = {ResultState.SUCCESS: "ok", ResultState.EXCLUDED: "--", ResultState.DISABLED: "--"}


class Screen(Observer, AbstractContextManager["Screen"], Protocol):
    """Watches a run and shows it; a context in which the run happens."""


class PlainScreen:
    """One line per event, for logs and pipes."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def started(self, task: TaskRecord) -> None:
        """Print that the task runs."""
        self._print(task, "RUNNING", "")

    def retried(self, task: TaskRecord) -> None:
        """Print why another attempt starts."""
        self._print(task, "RETRYING", task.attempts[-2].message)

    def ended(self, task: TaskRecord) -> None:
        """Print state, duration, records and what went wrong."""
        self._print(task, str(task.state), ended_words(task))

    def warned(self, words: str) -> None:
        """Print the warning."""
        with self._lock:
            print(f"{datetime.now().astimezone():%H:%M:%S}  warning: {words}", flush=True)

    def _print(self, task: TaskRecord, state: str, words: str) -> None:
        with self._lock:
            line = f"{datetime.now().astimezone():%H:%M:%S}  {task.task_key:<{self._width}}  {state:<15}  {words}"
            print(line.rstrip(), flush=True)


class LiveScreen:
    """A table that moves, for a terminal."""

    def __init__(self) -> None:
        from rich.live import Live

        self._rows: dict[str, TaskRecord] = {}
        self._lock = threading.Lock()
        self._live = Live(get_renderable=self._table, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def started(self, task: TaskRecord) -> None:
        """Show the task as running."""
        self._show(task)

    def retried(self, task: TaskRecord) -> None:
        """Show the task as running again."""
        self._show(task)

    def ended(self, task: TaskRecord) -> None:
        """Show how it ended."""
        self._show(task)

    def warned(self, words: str) -> None:
        """Print the warning above the table."""
        self._live.console.print(f"warning: {words}", markup=False)

    def _show(self, task: TaskRecord) -> None:
        with self._lock:
            self._rows[task.task_key] = task

    def _table(self) -> Any:
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        with self._lock:
            rows = list(self._rows.values())
        for task in rows:
            running = task.state is None
            mark: Any = Spinner("dots") if running else Text(_mark(task.state))
            seconds = seconds_between(task.started_at, now() if running else task.ended_at)
            words = f"{seconds:.0f} s" if running else ended_words(task)
            table.add_row(
                mark, Text(task.task_key), Text(str(task.state or "RUNNING"), style=_style(task.state)), Text(words)
            )
        return table


def ended_words(task: TaskRecord) -> str:
    """Return duration, outcome, records and message of an ended task."""
    parts = [f"{seconds_between(task.started_at, task.ended_at or now()):.1f} s"] if task.started_at else []
    parts += [f"outcome {task.outcome}"] if task.outcome else []
    parts += [f"run {task.run_id}"] if task.run_id else []
    if task.records is not None:
        s = "" if task.records == 1 else "s"
        parts.append(f"{task.records:,} record{s}" if isinstance(task.records, int) else str(task.records))
    if len(task.attempts) > 1:
        parts.append(f"{len(task.attempts)} attempts")
    parts += [beginning(task.message)] if task.message and not task.outcome else []
    return " · ".join(parts)


def _mark(state: ResultState | None) -> str:
    return MARKS.get(state, "!!") if state else ""


def _style(state: ResultState | None) -> str:
    if state in FAILURES | CANCELS:
        return "bold red"
    return (
        {ResultState.SUCCESS: "green", ResultState.EXCLUDED: "dim", ResultState.DISABLED: "dim"}.get(state, "cyan")
        if state
        else "cyan"
    )
