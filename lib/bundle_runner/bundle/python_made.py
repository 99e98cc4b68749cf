"""What Python code adds to a bundle: jobs that no file shows, and that only the Databricks CLI makes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle_runner.bundle.located import Map, Seq

_JOB = frozenset({"Job", "Job.from_dict", "jobs.Job", "jobs.Job.from_dict"})


@dataclass(frozen=True)
class PythonMade:
    """The functions that `python:` names, and the jobs that the code by its looks makes; it is read, not run."""

    functions: tuple[str, ...]
    jobs: tuple[str, ...]

    @property
    def words(self) -> str:
        """Name them."""
        names = f": {', '.join(self.jobs)}" if self.jobs else ""
        return f"the jobs that Python code makes ({', '.join(self.functions)}){names}"

    def words_of(self, key: str) -> str:
        """Say of one job what cannot be done about it here."""
        does = "job {key} is made by Python code" if key in self.jobs else "it may be one that Python code makes"
        return (
            f"{does.format(key=key)} ({', '.join(self.functions)}), which this runner does not run; write it as YAML, "
            f"or run it there: databricks bundle run {key}"
        )


def python_made(tree: Map, folder: Path) -> PythonMade | None:
    """Return what the Python code of a bundle in this folder adds to it, None where it names none."""
    old = tree.get("experimental")
    for part in (tree.get("python"), old.get("python") if isinstance(old, Map) else None):
        listed = part.get("resources") if isinstance(part, Map) else None
        functions = tuple(map(str, listed)) if isinstance(listed, Seq) else ()
        if functions:
            files = dict.fromkeys(file for text in functions for file in _files(text.partition(":")[0], folder))
            return PythonMade(functions, tuple(dict.fromkeys(name for file in files for name in _jobs_of(file))))
    return None


def _files(module: str, folder: Path) -> Iterator[Path]:
    for home in (folder, folder / "src"):
        path = home.joinpath(*module.split("."))
        yield from [path.with_suffix(".py")] if path.with_suffix(".py").is_file() else sorted(path.rglob("*.py"))


def _jobs_of(file: Path) -> Iterator[str]:
    try:
        module = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return  # the CLI will say what is wrong with it
    for node in ast.walk(module):
        yield from _named_by(node)


def _named_by(node: ast.AST) -> Iterator[str]:
    """Yield the key of a job: its variable, its function below `@job`, or what `add_job` is told."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and _called(node.value) in _JOB:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.FunctionDef) and any(_name(mark) in ("job", "jobs.job") for mark in node.decorator_list):
        yield node.name
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_job":
        given: list[Any] = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "resource_name")]
        yield from (str(one.value) for one in given if isinstance(one, ast.Constant))


def _called(value: ast.expr | None) -> str:
    return _name(value) if isinstance(value, ast.Call) else ""


def _name(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)
