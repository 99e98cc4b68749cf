"""Write the bundles of the tests from text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

from tests.unit.bundle_runner.lint.broken_notebooks import notebook

SOUND = """
bundle: {name: small}
resources:
  jobs:
    main:
"""
TASK_A = "tasks:\n- {task_key: a, notebook_task: &n {notebook_path: a.ipynb}}\n"


def beside_a(text: str) -> str:
    """Return a bundle with the task `a` and what a text adds to it: tasks, or fields of its job."""
    return SOUND + indent(TASK_A + text, " " * 6) + "\n"


def parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a text with their names."""
    yield from re.findall(r"(?s)=== (\S+)\n(.*?)(?=^=== |\Z)", f"=== databricks.yml\n{text}", re.MULTILINE)


def write_bundle(folder: Path, text: str) -> None:
    (folder / "a.ipynb").write_text(notebook('day = ""', tags=["parameters"]))
    (folder / "plain.py").write_text("print(1)\n")
    (folder / "source.py").write_text(
        '# Databricks notebook source\nday = dbutils.widgets.text("day", "")\ntask.set_value("work", day)\n'
    )
    for name, body in parts(text):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(body)
