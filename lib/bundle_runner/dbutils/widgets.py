"""Widgets and task values in the words of Databricks' `dbutils`."""
# ruff: noqa: N802, N803

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from bundle_runner import task


class Widgets:
    """Widgets hold the values of the run, else their declared default."""

    def __init__(self) -> None:
        self._defaults: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: ARG002 for display only
        """Declare a widget."""
        self._defaults[name] = defaultValue

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: ARG002 for display only
        """Declare a widget that offers values."""
        self._defaults[name] = defaultValue

    combobox = multiselect = dropdown

    def remove(self, name: str) -> None:
        """Forget a widget."""
        self._defaults.pop(name, None)

    def removeAll(self) -> None:
        """Forget all widgets."""
        self._defaults.clear()

    def get(self, name: str) -> str:
        """Return the run's value, else the default.

        Raises: TaskError for a widget that nobody declared.
        """
        given = task.given_values()
        if name not in given and name not in self._defaults:
            raise task.TaskError(f"widget {name} is not declared and the run gives no value for it")
        return given.get(name, self._defaults.get(name, ""))

    def getAll(self) -> dict[str, str]:
        """Return all values."""
        return {**self._defaults, **task.given_values()}


class Jobs:
    """Hold what belongs to the job."""

    def __init__(self) -> None:
        self.taskValues = TaskValues()


class TaskValues:
    """Set and get task values in Databricks' own words."""

    def set(self, key: str, value: Any) -> None:
        """Give later tasks a value."""
        task.set_value(key, value)

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:
        """Return an earlier task's value, else the default; outside a job the debug value.

        Raises: TaskError when the value is not there and no default is given.
        """
        if "BUNDLE_TASK_DIR" not in os.environ:
            return debugValue
        found = task.get_value(taskKey, key, default)
        if found is None:
            raise task.TaskError(f"task {taskKey} has set no value {key}; give a default where it need not")
        return found
