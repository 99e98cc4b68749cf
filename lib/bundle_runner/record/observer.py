"""Who watches a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from bundle_runner.record.records import TaskRecord


class Observer(Protocol):
    """Someone who watches the run; told from several threads."""

    def started(self, task: TaskRecord) -> None:
        """Hear that a task or an iteration started."""

    def retried(self, task: TaskRecord) -> None:
        """Hear that an attempt failed and another one follows."""

    def ended(self, task: TaskRecord) -> None:
        """Hear how a task or an iteration ended."""

    def warned(self, words: str) -> None:
        """Hear that something takes longer than its health rule expects."""


@dataclass(frozen=True)
class Within:
    """Passes on what happens in a job that a task runs, under the task's name."""

    outer: Observer
    name: str

    def started(self, task: TaskRecord) -> None:
        """Pass it on."""
        self.outer.started(self._named(task))

    def retried(self, task: TaskRecord) -> None:
        """Pass it on."""
        self.outer.retried(self._named(task))

    def ended(self, task: TaskRecord) -> None:
        """Pass it on."""
        self.outer.ended(self._named(task))

    def warned(self, words: str) -> None:
        """Pass it on."""
        self.outer.warned(words)

    def _named(self, task: TaskRecord) -> TaskRecord:
        return replace(task, task_key=f"{self.name}/{task.task_key}")
