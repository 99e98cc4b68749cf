"""The part of Databricks' `dbutils` that this runner offers: widgets and task values.

The names of methods and arguments are Databricks' own.
"""
# ruff: noqa: N802, N803

from __future__ import annotations

import os
from typing import Any

from bundle_runner import task


class DbUtils:
    """Offer `widgets` and `jobs.taskValues`; anything else is refused by name."""

    def __init__(self) -> None:
        self.widgets = Widgets()
        self.jobs = Jobs()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"dbutils.{name} is not offered by this runner yet; it has widgets and jobs.taskValues")


class Widgets:
    """Widgets hold the values of the run, else their declared default."""

    def __init__(self) -> None:
        self._defaults: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: ARG002 for display only
        """Declare a widget."""
        self._defaults[name] = defaultValue

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
        """Return an earlier task's value, else the default; outside a job the debug value."""
        if "BUNDLE_TASK_DIR" not in os.environ:
            return debugValue
        return task.get_value(taskKey, key, default)
