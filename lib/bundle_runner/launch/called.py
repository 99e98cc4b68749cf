"""Notebooks that a notebook runs by `dbutils.notebook.run`: they live no longer than the one that ran them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bundle_runner.errors import RunError
from bundle_runner.launch.notebook import NotebookEnd
from bundle_runner.launch.stopper import Stopper, within
from bundle_runner.notebooks.file import NotebookFile, read_notebook
from bundle_runner.states import ResultState

Execute = Callable[[NotebookFile, Mapping[str, str], Path, Stopper], NotebookEnd]
"""Runs a notebook with values in a folder until it ends or is stopped."""


class Calls:
    """What one attempt's notebook runs, each in a numbered folder of the attempt."""

    def __init__(self, home: Path, folder: Path, limit: Stopper, execute: Execute) -> None:
        self._home, self._folder, self._execute = home, folder, execute
        self._scope = Stopper(limit)
        self._change = threading.Condition()
        self._open, self._count = 0, 0

    def run(self, asked: Mapping[str, Any]) -> str:
        """Run the notebook of a path that counts from the caller's folder, and return what it gave to its exit.

        Raises: RunnerError when it is not there or does not reach its end.
        """
        notebook = read_notebook(self._home / asked["notebook"])
        notebook.check_values(set(), set(asked["values"]), "dbutils.notebook.run")
        with self._counted() as number, within(self._scope, asked["seconds"], "it") as limit:
            folder = self._folder / f"run_{number}"
            end = self._execute(notebook, asked["values"], folder, limit)
        if not end.success:
            raise RunError(limit.reason or end.message)
        return _exit_value(folder)

    def close(self) -> None:
        """End what still runs, and wait for it."""
        self._scope.stop(ResultState.CANCELED, "the notebook that ran it has ended")
        with self._change:
            self._change.wait_for(lambda: not self._open)

    @contextmanager
    def _counted(self) -> Iterator[int]:
        with self._change:
            self._open, self._count = self._open + 1, self._count + 1
            number = self._count
        try:
            yield number
        finally:
            with self._change:
                self._open -= 1
                self._change.notify_all()


def _exit_value(folder: Path) -> str:
    path = folder / "exit.json"
    return str(json.loads(path.read_text(encoding="utf-8"))["value"]) if path.is_file() else ""
