"""A bundle as one target sees it: its jobs, its variables, its place on this machine."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from bundle_runner.bundle_files import (
    apply_target,
    choose_target,
    find_bundle,
    read_bundle,
)
from bundle_runner.errors import TargetError, UsageError, did_you_mean
from bundle_runner.interpolate import Interpolator, resources_root
from bundle_runner.located import Map, Seq, Where, merge
from bundle_runner.model import BundleFile, Job
from bundle_runner.parse import parse
from bundle_runner.requirements import ELSEWHERE
from bundle_runner.variables import Sources, choose

REMOTE_ROOTS = ("~", "/Workspace", "/Volumes", "/dbfs")


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle. Jobs are resolved and checked when they are asked for."""

    path: Path
    target: str
    tree: Map
    variables: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Return the folder of databricks.yml."""
        return self.path.parent

    @property
    def name(self) -> str:
        """Return the bundle's name."""
        return str(self.tree["bundle"]["name"])

    @property
    def mode(self) -> str | None:
        """Return the target's mode, None where it says none."""
        body = (self.tree.get("targets") or {}).get(self.target)
        return str(body["mode"]) if isinstance(body, Map) and body.get("mode") else None

    @property
    def job_keys(self) -> list[str]:
        """Return the keys of all jobs."""
        return sorted(self._jobs)

    @property
    def _jobs(self) -> Map:
        jobs = (self.tree.get("resources") or {}).get("jobs")
        return jobs if isinstance(jobs, Map) else Map()

    def job(self, key: str) -> Job:
        """Return one job with every `${...}` resolved and absolute paths.

        Raises: UsageError for an unknown job, ModelError and ReferenceProblem for a wrong one.
        """
        tree = self._job_tree(key)
        _place_files(tree, self.path)
        return parse(Job, tree, f"job {key}", self._jobs.where[key])

    def task_places(self, key: str) -> dict[str, Where]:
        """Return where each task of a job that can be read is written."""
        tasks = self._job_tree(key)["tasks"]
        return {task["task_key"]: where for task, where in zip(tasks, tasks.where, strict=True)}

    def _job_tree(self, key: str) -> Any:
        if key not in self._jobs:
            made = "; what `python:` would make is not read by this runner" if self.tree.get("python") else ""
            raise UsageError(f"job {key} does not exist in {self.path}{did_you_mean(key, self._jobs)}{made}")
        return self._interpolator.resolve(self._jobs[key], self._jobs.where[key])

    def value(self, name: str) -> Any:
        """Return the resolved value of a variable."""
        return self._interpolator.resolve(f"${{var.{name}}}")

    @cached_property
    def root_path(self) -> str | None:
        """Return `workspace.root_path` of the target as text, None where the target leaves it to the CLI."""
        workspace = self.tree.get("workspace") or {}
        found = self._interpolator.resolve(workspace.get("root_path"))
        return None if found is None else str(found)

    @property
    def workspace_facts(self) -> dict[str, str]:
        """Return what `{{workspace.…}}` offers: what the bundle says, as a laptop has no workspace."""
        said = self.tree.get("workspace") or {}
        resolve = self._interpolator.resolve
        return {"id": str(resolve(said.get("workspace_id")) or "0"), "url": str(resolve(said.get("host")) or "")}

    def local_root(self, job: str = "JOB") -> Path:
        """Return the target's folder on this machine.

        Raises: TargetError when the target lives in a workspace.
        """
        root = self.root_path
        if root and root.startswith("."):
            raise TargetError(
                f"target {self.target} has the root_path {root}, which counts from nowhere: say an absolute path, such "
                f"as ${{workspace.file_path}}/{root.removeprefix('./')}, or give a folder for this call: --root DIR"
            )
        if root is None or root.startswith(REMOTE_ROOTS) or not PurePosixPath(root).is_absolute() or "://" in root:
            place = root or "the workspace"
            raise TargetError(
                f"target {self.target} lives in {place}, not on this machine; "
                f"run it there: databricks bundle run {job} -t {self.target}; or here, with a folder for it: --root DIR"
            )
        return Path(root)

    @cached_property
    def _interpolator(self) -> Interpolator:
        workspace = {**(self.tree.get("workspace") or {}), "file_path": str(self.folder)}
        workspace.setdefault("root_path", f"~/.bundle/{self.name}/{self.target}")
        workspace["current_user"] = _current_user()
        roots = {
            "bundle": {**self.tree["bundle"], "target": self.target, "environment": self.target},
            "var": self.variables,
            "variables": {name: {"value": value} for name, value in self.variables.items()},
            "workspace": workspace,
            "resources": resources_root(self.tree.get("resources")),
            "artifacts": self.tree.get("artifacts") or {},
        }
        return Interpolator(roots)


def _current_user() -> dict[str, str]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "nobody"
    return {"userName": user, "short_name": user, "domain_friendly_name": user}


def load_bundle(
    start: Path,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    root: Path | None = None,
) -> Bundle:
    """Read the bundle in this folder or above it for one target; without a name, for its default one.

    `root` is a folder of this machine that takes the place of the target's `workspace.root_path`.

    Raises: BundleError for what is wrong in the files, UsageError for what is wrong in the arguments.
    """
    path = find_bundle(start)
    tree = read_bundle(path)
    parsed = parse(BundleFile, tree, "the bundle", Where(path, 1))
    name = choose_target(tree, target)
    body = (tree.get("targets") or {}).get(name) or {}
    sources = Sources(
        command=variables or {},
        environment=os.environ if environment is None else environment,
        overrides_file=path.parent / ".databricks" / "bundle" / name / "variable-overrides.json",
        target=body.get("variables") or Map(),
    )
    values = choose(parsed.variables, tree.get("variables") or Map(), sources)
    tree = apply_target(tree, name)
    return Bundle(path, name, merge(tree, _rooted(root, path)) if root else tree, values)


def _rooted(root: Path, path: Path) -> Map:
    workspace, tree = Map(), Map()
    workspace.put("root_path", str(root.resolve()), Where(path, 1))
    tree.put("workspace", workspace, Where(path, 1))
    return tree


FILES = (("notebook_task", "notebook_path"), ("spark_python_task", "python_file"), ("sql_task", "file", "path"))

LIBRARIES = ("whl", "requirements")


def _place_files(tree: Any, bundle_file: Path) -> None:
    """Make the paths of tasks absolute: each counts from the file that declares it."""
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
        if path.startswith(".") and option in ("", "-r", "--requirement"):
            here = os.path.normpath(dependencies.where[index].file.parent / path)
            dependencies[index] = f"{option} {here}".strip()


def _within(part: Any, steps: list[str]) -> Any:
    for step in steps:
        part = part.get(step) if isinstance(part, Map) else None
    return part


def _place(part: Any, field: str, bundle_file: Path) -> None:
    if isinstance(part, Map) and isinstance(part.get(field), str) and not part[field].startswith(ELSEWHERE):
        where = part.where[field]
        part[field] = os.path.normpath((where.file if where else bundle_file).parent / part[field])
