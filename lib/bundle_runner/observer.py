"""Who watches a run."""

from __future__ import annotations

from typing import Protocol

from bundle_runner.record import TaskRecord


class Observer(Protocol):
    """Someone who watches the run; told from several threads."""

    def started(self, task: TaskRecord) -> None:
        """Hear that a task or an iteration started."""

    def retried(self, task: TaskRecord) -> None:
        """Hear that an attempt failed and another one follows."""

    def ended(self, task: TaskRecord) -> None:
        """Hear how a task or an iteration ended."""
