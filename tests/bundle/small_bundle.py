"""Write small bundles of real notebooks, and run their jobs in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
import yaml

from bundle_runner.bundle.load import load_bundle
from bundle_runner.pages import write_pages
from bundle_runner.plan.prepare import Plan, prepare
from bundle_runner.record.records import RunRecord, TaskRecord
from bundle_runner.run.execute import Run
from bundle_runner.run.repair import prepare_repair

ROOT = "${workspace.file_path}/.state"


@dataclass
class Watcher:
    """Remember what the run told."""

    said: list[tuple[str, str]] = field(default_factory=list)

    def started(self, task: TaskRecord) -> None:
        """Hear it."""
        self.said.append(("started", task.task_key))

    def retried(self, task: TaskRecord) -> None:
        """Hear it."""
        self.said.append(("retried", task.task_key))

    def ended(self, task: TaskRecord) -> None:
        """Hear it."""
        self.said.append((str(task.state), task.task_key))

    def warned(self, words: str) -> None:
        """Hear it."""
        self.said.append(("warned", words))


@dataclass(frozen=True)
class SmallBundle:
    """A bundle in a temporary folder, with a job `main`."""

    folder: Path
    watcher: Watcher = field(default_factory=Watcher)

    def notebook(self, name: str, *cells: str, parameters: str | None = None) -> str:
        """Write a notebook and return its path for the job file."""
        book = nbformat.v4.new_notebook()
        if parameters is not None:
            book.cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        book.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
        nbformat.write(book, self.folder / f"{name}.ipynb")
        return f"./{name}.ipynb"

    def source(self, name: str, *cells: str) -> str:
        """Write a notebook as Databricks keeps it in git, and return its path for the job file."""
        cut = "\n\n# COMMAND ----------\n\n"
        (self.folder / f"{name}.py").write_text(f"# Databricks notebook source\n{cut.join(cells)}\n")
        return f"./{name}.py"

    def job(self, *tasks: dict[str, Any], others: dict[str, Any] | None = None, **job: Any) -> None:
        """Write databricks.yml with these tasks in the job `main`, beside other jobs."""
        content = {
            "bundle": {"name": "small"},
            "targets": {"local": {"default": True, "workspace": {"root_path": ROOT}}},
            "resources": {"jobs": {"main": {"tasks": list(tasks), **job}, **(others or {})}},
        }
        (self.folder / "databricks.yml").write_text(yaml.safe_dump(content))

    def plan(self, *only: str, **given: str) -> Plan:
        """Check the job."""
        return prepare(load_bundle(self.folder), "main", given, only)

    def run(self, *only: str, **given: str) -> RunRecord:
        """Run the job, or only these tasks of it, to its end."""
        return Run(self.plan(*only, **given), self.watcher, publish=write_pages).execute()

    def repair(self, record: RunRecord, *only: str) -> RunRecord:
        """Run again what failed, or only these tasks, in the same run."""
        return Run(self.repair_plan(record, *only), self.watcher).execute()

    def repair_plan(self, record: RunRecord, *only: str) -> Plan:
        """Check what of a run is to run again."""
        return prepare_repair(load_bundle(self.folder), record, only)


def task(key: str, notebook: str, *after: str, **rest: Any) -> dict[str, Any]:
    """Return a notebook task of the job file."""
    values = rest.pop("values", {})
    body = {"notebook_path": notebook, "base_parameters": values}
    return {"task_key": key, "notebook_task": body, "depends_on": [{"task_key": name} for name in after], **rest}


def by_key(record: RunRecord) -> dict[str, TaskRecord]:
    """Return the tasks of a run by their keys."""
    return {task.task_key: task for task in record.tasks}


def states(record: RunRecord) -> dict[str, str]:
    """Return the state of every task."""
    return {task.task_key: str(task.state) for task in record.tasks}


def alive(pid: int) -> bool:
    """Tell whether a process still runs; a zombie does not."""
    try:
        process = psutil.Process(pid)
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
