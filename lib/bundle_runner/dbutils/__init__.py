"""The part of Databricks' `dbutils` that this runner offers. The names of methods and arguments are Databricks' own."""

from __future__ import annotations

from typing import Any

from bundle_runner.dbutils.files import Files
from bundle_runner.dbutils.notebook import Notebook, NotebookExit
from bundle_runner.dbutils.secrets import Secrets
from bundle_runner.dbutils.widgets import Jobs, Widgets

__all__ = ["DbUtils", "NotebookExit"]
OFFERED = "widgets, jobs.taskValues, notebook.exit, notebook.run, secrets and fs"


class DbUtils:
    """Offer what a notebook on a laptop can use; anything else is refused by name."""

    def __init__(self) -> None:
        self.widgets = Widgets()
        self.jobs = Jobs()
        self.notebook = Notebook()
        self.secrets = Secrets()
        self.fs = Files()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"dbutils.{name} is not offered by this runner; it has {OFFERED}")
