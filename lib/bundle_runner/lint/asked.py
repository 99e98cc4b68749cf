"""Rules on the task values that a notebook asks for in its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from bundle_runner.bundle.located import Where
from bundle_runner.errors import did_you_mean
from bundle_runner.lint.calls import NEVER_SET, values_of
from bundle_runner.lint.cells import cells_of
from bundle_runner.lint.files import named_files
from bundle_runner.lint.finding import Code, Finding, error
from bundle_runner.lint.graph import upstream
from bundle_runner.lint.places import a_map, a_text
from bundle_runner.lint.reading import JobView, ReadBundle, TaskView

NOT_BEFORE = error(
    "N118",
    "A notebook asks for a value of a task that is not before it",
    "Only tasks upstream have values; the run fails when it reaches the cell, or goes on with the default.",
    'dbutils.jobs.taskValues.get(taskKey="plna", key="work")',
    'dbutils.jobs.taskValues.get(taskKey="plan", key="work"), and depends_on: [{task_key: plan}]',
)


def check_asked(bundle: ReadBundle) -> Iterator[Finding]:
    """Check `taskValues.get` and `task.get_value` against the job whose task runs the notebook."""
    files = [file for file in named_files(bundle) if file.kind == "notebook" and file.path.is_file()]
    notebooks = {id(file.task): file.path for file in files}
    for file in files:
        if file.task is not None and file.job is not None:
            for cell in cells_of(file.path):
                for line, other, name in _asked(cell.python):
                    if found := _wrong(file.task, file.job, other, name, notebooks):
                        code, said = found
                        yield code.at(Where(file.path, cell.place(line)), f"cell {cell.number}: {said}")


def _asked(code: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, task and name of each value that is asked for by literals and without a default."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return  # notebooks.py says so
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _asks(node.func):
            given = dict(zip(("taskKey", "key", "default"), node.args, strict=False))
            given |= {"taskKey" if word.arg == "task_key" else str(word.arg): word.value for word in node.keywords}
            task, name = given.get("taskKey"), given.get("key")
            if isinstance(task, ast.Constant) and isinstance(name, ast.Constant) and "default" not in given:
                yield node.lineno, str(task.value), str(name.value)


def _asks(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute):
        return False
    owner = ast.unparse(function.value)
    return (function.attr, owner) == ("get_value", "task") or (function.attr == "get" and owner.endswith("taskValues"))


def _wrong(task: TaskView, job: JobView, other: str, name: str, notebooks: dict[int, Path]) -> tuple[Code, str] | None:
    tasks = {each.key: each for each in job.tasks}
    own = a_text(a_map(task.outer).get("task_key")) if task.outer is not None else task.key
    if other not in tasks:
        return NOT_BEFORE, f"job {job.key} has no task {other}{did_you_mean(other, tasks)}"
    if own in tasks and other not in upstream(own, tasks):
        return NOT_BEFORE, f"task {other} need not have ended before {own}; add it to depends_on"
    path = notebooks.get(id(tasks[other]))
    known = values_of(path) if path is not None else None
    if path is not None and known and name not in known:
        return NEVER_SET, f"{path.name} of task {other} never sets {name}{did_you_mean(name, known)}"
    return None
