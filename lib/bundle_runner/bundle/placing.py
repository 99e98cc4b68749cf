"""Where the files of a job lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bundle_runner.bundle.located import Map, Seq
from bundle_runner.bundle.requirements import ELSEWHERE

FILES = (("notebook_task", "notebook_path"), ("spark_python_task", "python_file"), ("sql_task", "file", "path"))

LIBRARIES = ("whl", "requirements")


def place_files(tree: Any, bundle_file: Path) -> None:
    """Make the paths of a job's tasks absolute: each counts from the file that declares it."""
    tasks = tree.get("tasks") if isinstance(tree, Map) else None
    for task in tasks if isinstance(tasks, Seq) else ():
        inner = task.get("for_each_task") if isinstance(task, Map) else None
        for body in (task, inner.get("task") if isinstance(inner, Map) else None):
            if isinstance(body, Map):
                for *steps, field in FILES:
                    _place(_within(body, steps), field, bundle_file)
                for library in body.get("libraries") or ():
                    for field in LIBRARIES:
                        _place(library, field, bundle_file)
    for environment in (tree.get("environments") if isinstance(tree, Map) else None) or ():
        _place_dependencies(_within(environment, ["spec", "dependencies"]))


def _place_dependencies(dependencies: Any) -> None:
    """Make wheels and files of requirements absolute that are written as paths from here."""
    for index, text in enumerate(dependencies if isinstance(dependencies, Seq) else ()):
        option, _, path = str(text).rpartition(" ")
        if (path.startswith(".") or _is_local_wheel(path)) and option in ("", "-r", "--requirement"):
            here = os.path.normpath(dependencies.where[index].file.parent / path)
            dependencies[index] = f"{option} {here}".strip()


def _is_local_wheel(path: str) -> bool:
    return path.endswith(".whl") and not path.startswith(("/", *ELSEWHERE)) and "://" not in path


def _within(part: Any, steps: list[str]) -> Any:
    for step in steps:
        part = part.get(step) if isinstance(part, Map) else None
    return part


def _place(part: Any, field: str, bundle_file: Path) -> None:
    if isinstance(part, Map) and isinstance(part.get(field), str) and not part[field].startswith(ELSEWHERE):
        where = part.where[field]
        part[field] = os.path.normpath((where.file if where else bundle_file).parent / part[field])
