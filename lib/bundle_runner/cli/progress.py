"""What a person sees of a run among many: one line that changes, and on no terminal nothing."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

from bundle_runner.cli.screen import Screen
from bundle_runner.record.records import TaskRecord


class OneLine(Screen):
    """Shows which task runs; warnings stay."""

    def __init__(self, title: str) -> None:
        self._title, self._shows = title, sys.stdout.isatty()
        self._running: dict[str, None] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("\r\x1b[K")

    def started(self, task: TaskRecord) -> None:
        """Show the task."""
        with self._lock:
            self._running[task.task_key] = None
            self._draw()

    def retried(self, task: TaskRecord) -> None:
        """Go on."""

    def ended(self, task: TaskRecord) -> None:
        """Show the task no more."""
        with self._lock:
            self._running.pop(task.task_key, None)
            self._draw()

    def warned(self, words: str) -> None:
        """Print the warning."""
        with self._lock:
            self._write("\r\x1b[K")
            print(f"{self._title}  warning: {words}", flush=True)

    def _draw(self) -> None:
        self._write(f"\r\x1b[K{self._title}  {', '.join(self._running)[:60]}")

    def _write(self, text: str) -> None:
        if self._shows:
            sys.stdout.write(text)
            sys.stdout.flush()
