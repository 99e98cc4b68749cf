"""Rules on what notebooks give each other: values, and calls from one to another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bundle_runner.bundle.located import Where
from bundle_runner.bundle.references import paths
from bundle_runner.errors import did_you_mean
from bundle_runner.lint.cells import Cell, cells_of
from bundle_runner.lint.files import named_files
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.reading import ReadBundle
from bundle_runner.lint.references import spoken

NEVER_SET = warning(
    "N113",
    "A value that its notebook never sets",
    "The notebook sets others by name, so this one is likely misspelt; the run would fail when it reaches the task.",
    "{{tasks.plan.values.wrk}} where the notebook sets work",
    "{{tasks.plan.values.work}}",
)
NO_CALLEE = error(
    "N114",
    "A notebook calls one that does not exist",
    "Only what is in the bundle is uploaded; the run fails when it reaches the call.",
    "%run ./stup",
    "%run ./setup",
)
ENDINGS = ("", ".ipynb", ".py", ".sql", ".scala", ".r")
_CALL = re.compile(r"^\s*%run\s+[\"']?([^\s\"'$]+)|dbutils\.notebook\.run\(\s*[\"']([^\"']+)[\"']", re.MULTILINE)


def check_calls(bundle: ReadBundle) -> Iterator[Finding]:
    """Check that notebooks called by a relative path are there."""
    for path in sorted({file.path for file in named_files(bundle) if file.kind == "notebook"}):
        for cell in cells_of(path):
            for number, line in enumerate(cell.lines, 1):
                for magic, call in _CALL.findall(line):
                    yield from _callee(magic or call, path, cell, number)


def _callee(called: str, path: Path, cell: Cell, number: int) -> Iterator[Finding]:
    there = path.parent / called
    if called.startswith("/") or any(there.with_name(there.name + ending).is_file() for ending in ENDINGS):
        return
    hint = did_you_mean(there.name, [file.stem for file in there.parent.glob("*")]) if there.parent.is_dir() else ""
    yield NO_CALLEE.at(
        Where(path, cell.place(number)), f"cell {cell.number} calls {called}, which does not exist{hint}"
    )


def check_values(bundle: ReadBundle) -> Iterator[Finding]:
    """Check that the notebook of `{{tasks.KEY.values.NAME}}` sets that name, where it sets any."""
    files = {id(file.task): file.path for file in named_files(bundle) if file.kind == "notebook"}
    for view in bundle.views:
        for job in view.jobs:
            notebooks = {task.key: files[id(task)] for task in job.tasks if id(task) in files}
            for task in job.bodies:
                for text, where in spoken(task):
                    for _, other, _, name in (found[:4] for found in paths(text) if _is_value(found)):
                        known = values_of(notebooks[other]) if other in notebooks else None
                        if known and name not in known:
                            yield NEVER_SET.at(
                                where,
                                f"task {task.key}: {notebooks[other].name} of task {other} never sets {name}"
                                f"{did_you_mean(name, known)}",
                            )


def _is_value(path: tuple[str, ...]) -> bool:
    return len(path) >= 4 and path[0] == "tasks" and path[2] == "values"


def values_of(path: Path) -> set[str] | None:
    """Return the names of the values that a notebook sets, None where they cannot all be known."""
    names: set[str] = set()
    for cell in cells_of(path):
        if re.search(r"^\s*%run\b", "\n".join(cell.lines), re.MULTILINE):
            return None
        try:
            tree = ast.parse(cell.python)
        except (SyntaxError, ValueError):
            return None
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _sets_value(node.func):
                key = (
                    node.args[0]
                    if node.args
                    else next((word.value for word in node.keywords if word.arg == "key"), None)
                )
                if not isinstance(key, ast.Constant):
                    return None
                names.add(str(key.value))
    return names


def _sets_value(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and (
        function.attr == "set_value" or (function.attr == "set" and ast.unparse(function.value).endswith("taskValues"))
    )
