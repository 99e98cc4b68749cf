"""Read a notebook before it runs: is it there, which parameters does it declare, does it mark its end."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bundle_runner.errors import BundleError, ParameterError, did_you_mean
from bundle_runner.notebooks.source import found_path, read_content
from bundle_runner.notebooks.sql import asked_in

Import = tuple[str, tuple[str, ...]]
"""A module, and the names that are taken from it."""

END_TAG = "bundle-runner-end"
END_CELL = "from bundle_runner import task as _task\n\n_task.end()"


@dataclass(frozen=True)
class NotebookFile:
    """A notebook as it stands in the bundle."""

    path: Path
    content: dict[str, Any]

    @property
    def parameters(self) -> dict[str, object] | None:
        """Return the names and defaults of the cell tagged `parameters`; None where no cell has the tag."""
        for cell in self.content["cells"]:
            if "parameters" in cell.get("metadata", {}).get("tags", []) and cell["cell_type"] == "code":
                return _literals(source_of(cell), self.path)
        return None

    @cached_property
    def widgets(self) -> set[str] | None:
        """Return the names for which the notebook has or asks a widget; None where only a run can tell."""
        found: set[str] = set()
        for call in _widget_calls(self.content["cells"]):
            name = (
                call.args[0] if call.args else next((word.value for word in call.keywords if word.arg == "name"), None)
            )
            if not isinstance(name, ast.Constant):
                return None
            found.add(str(name.value))
        return found | asked_in(source_of(cell) for cell in self.content["cells"])

    @property
    def takes_widgets(self) -> bool:
        """Tell whether values reach the notebook by widgets, not as variables."""
        return self.parameters is None and (self.path.suffix in (".py", ".sql") or self.widgets != set())

    def check_values(self, job: set[str], own: set[str], task_key: str) -> None:
        """Refuse values that the notebook would not notice: of the job, and of the task itself.

        A notebook with widgets takes those of the job's values that it wants, as on Databricks.
        Raises: ParameterError naming each of them.
        """
        if self.path.suffix == ".sql":
            self._check_asked(job, own, task_key)
            return
        if self.takes_widgets:
            self._check_widgets(own, task_key)
            return
        declared = self.parameters
        unknown = sorted((job | own) - set(declared or {}))
        if unknown and declared is None:
            raise ParameterError(
                f"task {task_key}: {self.path.name} has no cell tagged `parameters`, and the job gives it "
                f"{', '.join(unknown)}; nothing was started; tag the cell that declares them"
            )
        if unknown:
            hint = did_you_mean(unknown[0], set(declared or {}))
            raise ParameterError(
                f"task {task_key}: {self.path.name} does not declare {', '.join(unknown)}{hint}; nothing was "
                f'started; add a line such as {unknown[0]} = "" to its parameters cell, or drop the value'
            )

    def _check_asked(self, job: set[str], own: set[str], task_key: str) -> None:
        asked = self.widgets or set()
        if unknown := sorted(own - asked):
            raise ParameterError(
                f"task {task_key}: {self.path.name} does not ask for {', '.join(unknown)}"
                f"{did_you_mean(unknown[0], asked)}; nothing was started; write :{unknown[0]} where the value belongs, "
                "or drop the value"
            )
        if missing := sorted(asked - own - job):
            raise ParameterError(
                f"task {task_key}: {self.path.name} asks for {', '.join(missing)}, and neither the task nor the job "
                f"gives a value{did_you_mean(missing[0], own | job)}; nothing was started; write it under parameters"
            )

    def _check_widgets(self, names: set[str], task_key: str) -> None:
        unknown = sorted(names - self.widgets) if self.widgets is not None else []
        if unknown:
            hint = did_you_mean(unknown[0], self.widgets or ())
            raise ParameterError(
                f"task {task_key}: {self.path.name} has no widget {', '.join(unknown)}{hint}; nothing was started; "
                f'add dbutils.widgets.text("{unknown[0]}", ""), or drop the value'
            )

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Return what the notebook imports before it does anything: other imports may need what it does first."""
        found: list[Import] = []
        for statement in _statements(self.content["cells"]):
            if isinstance(statement, ast.Import):
                found += [(name.name, ()) for name in statement.names]
            elif isinstance(statement, ast.ImportFrom):
                module = None if statement.level else statement.module
                found += [(module, tuple(name.name for name in statement.names))] if module else []
            elif not _is_literal(statement):
                break
        return tuple(found)

    @property
    def marks_its_end(self) -> bool:
        """Tell whether the last code cell calls `task.end`."""
        code = [cell for cell in self.content["cells"] if cell["cell_type"] == "code" and source_of(cell).strip()]
        return bool(code) and "task.end(" in source_of(code[-1])


def read_notebook(path: Path) -> NotebookFile:
    """Read a notebook as `.ipynb` or as Python source; a path without an ending means the one that is there.

    Raises: BundleError when it does not exist or is no notebook.
    """
    found = found_path(path)
    return NotebookFile(found, read_content(found))


def source_of(cell: dict[str, Any]) -> str:
    """Return a cell's text, however the file stores it."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _literals(source: str, path: Path) -> dict[str, object]:
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise BundleError(f"{path}: its parameters cell is not Python: {error.msg} in line {error.lineno}") from error
    found: dict[str, object] = {}
    for statement in statements:
        name, value = _assignment(statement)
        if name is None or value is None:
            continue
        try:
            found[name] = ast.literal_eval(value)
        except ValueError:
            raise BundleError(
                f'{path}: parameter {name}: expected a literal such as ""; compute in a later cell'
            ) from None
    return found


def _assignment(statement: ast.stmt) -> tuple[str | None, ast.expr | None]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
        return (target.id if isinstance(target, ast.Name) else None), statement.value
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id, statement.value
    return None, None


def _statements(cells: list[dict[str, Any]]) -> Iterator[ast.stmt]:
    """Yield the statements of the code cells, up to the first cell that is not plain Python."""
    for cell in cells:
        if cell["cell_type"] == "code":
            try:
                yield from ast.parse(source_of(cell)).body
            except (SyntaxError, ValueError):
                return


def _widget_calls(cells: list[dict[str, Any]]) -> Iterator[ast.Call]:
    """Yield the calls `dbutils.widgets.…(…)` of the cells that are Python."""
    for cell in cells:
        try:
            tree = ast.parse(source_of(cell) if cell["cell_type"] == "code" else "")
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("dbutils.widgets."):
                yield node


def _is_literal(statement: ast.stmt) -> bool:
    """Tell whether a statement only names or says a value, as the parameters cell does."""
    value = statement.value if isinstance(statement, ast.Expr) else _assignment(statement)[1]
    return isinstance(value, ast.Constant)
