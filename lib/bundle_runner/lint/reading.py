"""Read a bundle for lint: every file, and the bundle as each target sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bundle_runner.bundle.files import apply_target, included
from bundle_runner.bundle.located import Document, Map, Seq, Where, compose, merge
from bundle_runner.errors import BundleError, TargetError, did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, items, members
from bundle_runner.lint.substitute import substitute

UNREADABLE = error(
    "B001",
    "A file is not YAML",
    "Nothing in the file is known; the CLI refuses the bundle.",
    "bundle: {name: sales",
    "bundle: {name: sales}",
)
NOT_INCLUDED = error(
    "B004",
    "An included file does not exist",
    "The CLI refuses the bundle.",
    "include: [resources/dialy.job.yml]",
    "include: [resources/daily.job.yml]",
)
EMPTY_PATTERN = warning(
    "B010",
    "A pattern of include finds no file",
    "Resources that were meant to be there are silently not deployed.",
    "include: [resorces/*.yml]",
    "include: [resources/*.yml]",
)


@dataclass(frozen=True)
class TaskView:
    """A task as one target sees it; `outer` is the for_each task around it."""

    body: Map
    where: Where
    outer: Map | None = None

    @property
    def key(self) -> str:
        """Return the key, or what stands for it in a sentence."""
        return str(self.body.get("task_key", "without a task_key"))

    def place(self, name: str) -> Where:
        """Return where a field is written, else the task."""
        return self.body.where.get(name, self.where)


@dataclass(frozen=True)
class JobView:
    """A job as one target sees it."""

    key: str
    body: Map
    where: Where

    @cached_property
    def tasks(self) -> tuple[TaskView, ...]:
        """Return the tasks that stand in the graph."""
        return tuple(TaskView(body, where) for body, where in items(self.body.get("tasks")))

    @cached_property
    def bodies(self) -> tuple[TaskView, ...]:
        """Return the tasks and those inside for_each tasks."""
        found = list(self.tasks)
        for task in self.tasks:
            loop = a_map(task.body.get("for_each_task"))
            if isinstance(loop.get("task"), Map):
                found.append(TaskView(loop["task"], loop.where["task"], task.body))
        return tuple(found)

    def place(self, name: str) -> Where:
        """Return where a field is written, else the job."""
        return self.body.where.get(name, self.where)


@dataclass(frozen=True)
class View:
    """The bundle as one target sees it, with the variables it knows laid in."""

    target: str
    tree: Map

    @cached_property
    def jobs(self) -> tuple[JobView, ...]:
        """Return the jobs."""
        jobs = a_map(self.tree.get("resources")).get("jobs")
        return tuple(JobView(key, body, where) for key, body, where in members(jobs) if isinstance(body, Map))


@dataclass(frozen=True)
class ReadBundle:
    """A bundle as it is written, and what could not be read of it."""

    path: Path
    files: tuple[Document, ...]
    merged: Map
    views: tuple[View, ...]
    problems: tuple[Finding, ...]

    @property
    def folder(self) -> Path:
        """Return the folder of databricks.yml."""
        return self.path.parent

    @property
    def waits_for_resources(self) -> bool:
        """Tell whether an include finds no file yet, as in a new bundle: what such files will use is not known."""
        patterns = self.merged.get("include")
        return isinstance(patterns, Seq) and any(not included(self.path, str(pattern)) for pattern in patterns)

    @property
    def makes_resources_in_python(self) -> bool:
        """Tell whether Python code adds resources that no file shows."""
        experimental = a_map(self.merged.get("experimental"))
        return bool(self.merged.get("python") or experimental.get("python") or experimental.get("pydabs"))


def read_for_lint(path: Path, target: str | None) -> ReadBundle:
    """Read the bundle whose main file this is, for one target or for all.

    Raises: TargetError for a target that the bundle does not have.
    """
    problems: list[Finding] = []
    root = _read(path, problems)
    if root is None:
        return ReadBundle(path, (), Map(), (), tuple(problems))
    parts = [_read(file, problems) for file in _included(root, problems)]
    files = (root, *(part for part in parts if part is not None))
    merged = root.tree
    for part in files[1:]:
        merged = merge(merged, part.tree)
    views = tuple(_view(merged, name) for name in _targets(merged, target))
    return ReadBundle(path, files, merged, views, tuple(problems))


def _read(path: Path, problems: list[Finding]) -> Document | None:
    try:
        return compose(path)
    except BundleError as error:
        line, text = re.findall(r"^(?::(\d+))?: (.*)", str(error).removeprefix(str(path)), re.DOTALL)[0]
        problems.append(UNREADABLE.at(Where(path, int(line or 1)), text))
        return None


def _included(root: Document, problems: list[Finding]) -> Iterator[Path]:
    seen = {root.path}
    patterns = root.tree.get("include")
    in_python = bool(root.tree.get("python"))
    for pattern, where in zip(patterns, patterns.where, strict=True) if isinstance(patterns, Seq) else ():
        found = included(root.path, str(pattern))
        if not found and not any(sign in str(pattern) for sign in "*?["):
            problems.append(NOT_INCLUDED.at(where, f"include {pattern}: there is no such file"))
        elif not found and not in_python and not _may_be_empty(root.path.parent, str(pattern)):
            problems.append(EMPTY_PATTERN.at(where, f"include {pattern} finds no file, so nothing of it is deployed"))
        yield from (file for file in found if file not in seen)
        seen.update(found)


def _may_be_empty(folder: Path, pattern: str) -> bool:
    """Tell whether a pattern waits for files in a folder that is there and holds none, as in a new bundle."""
    fixed = pattern[: re.search(r"[*?\[]|$", pattern).start()].rpartition("/")[0]  # type: ignore[union-attr]
    deeper = "*" in pattern.rpartition("/")[0]
    home = folder / fixed
    return bool(fixed) and home.is_dir() and not any(home.glob("*/*.y*ml" if deeper else "*.y*ml"))


def _targets(merged: Map, asked: str | None) -> list[str]:
    known = list(a_map(merged.get("targets")))
    if asked is not None and asked not in known:
        raise TargetError(f"target {asked} does not exist in this bundle{did_you_mean(asked, known)}")
    return [asked] if asked is not None else known or ["default"]


def _view(merged: Map, target: str) -> View:
    tree = apply_target(merged, target)
    body: Any = a_map(a_map(merged.get("targets")).get(target))
    return View(target, substitute(tree, a_map(body.get("variables")), target))
