"""run.json of a run that several processes carry out: each change is read, made and written under a short lock."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from bundle_runner.errors import UsageError
from bundle_runner.record.records import FILE, RunRecord, TaskRecord, read_record

TURN = ".turn"
"""Not the lock of a runner that keeps the whole run: that one is held from the first task to the last."""

Change = Callable[[RunRecord], RunRecord]


class SharedRecord:
    """The record of a run in a folder that others write, too; may be told from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    @property
    def exists(self) -> bool:
        """Tell whether the run has begun."""
        return (self.folder / FILE).is_file()

    def read(self) -> RunRecord:
        """Return the record as it stands.

        Raises: UsageError when the run has not begun.
        """
        if not self.exists:
            raise UsageError(
                f"run {self.folder.name} has not begun: {self.folder / FILE} is not there; nothing was started; "
                "`lakehouse task begin JOB --run-id RUN` comes first"
            )
        return read_record(self.folder)

    def create(self, record: RunRecord) -> RunRecord:
        """Write the first record of a run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._turn():
            return self._written(record)

    def change(self, change: Change) -> RunRecord:
        """Let a function change the record, while nobody else does."""
        with self._turn():
            return self._written(change(self.read()))

    def put(self, task: TaskRecord) -> None:
        """Note the present state of a task."""
        self.change(lambda record: with_task(record, task))

    def put_part(self, key: str, index: int, part: TaskRecord) -> None:
        """Note the present state of one iteration of a loop; the others belong to other processes."""
        self.change(lambda record: with_task(record, _with_part(task_of(record, key), index, part)))

    def warn(self, words: str) -> None:
        """Note a warning."""
        self.change(lambda record: replace(record, warnings=(*record.warnings, words)))

    def _written(self, record: RunRecord) -> RunRecord:
        draft = self.folder / f".{FILE}.draft"
        draft.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        draft.replace(self.folder / FILE)
        return record

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._lock, (self.folder / TURN).open("w") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            yield


def task_of(record: RunRecord, key: str) -> TaskRecord:
    """Return the record of one task."""
    return next(task for task in record.tasks if task.task_key == key)


def with_task(record: RunRecord, task: TaskRecord) -> RunRecord:
    """Return the run with this state of a task."""
    return replace(record, tasks=tuple(task if old.task_key == task.task_key else old for old in record.tasks))


def _with_part(task: TaskRecord, index: int, part: TaskRecord) -> TaskRecord:
    return replace(task, iterations=(*task.iterations[:index], part, *task.iterations[index + 1 :]))
