"""A bundle as one target sees it: its jobs, its variables, its place on this machine."""

from __future__ import annotations

import getpass
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from bundle_runner.bundle.files import (
    apply_target,
    choose_target,
    find_bundle,
    read_bundle,
)
from bundle_runner.bundle.git_facts import git_facts
from bundle_runner.bundle.interpolate import Interpolator, resources_root
from bundle_runner.bundle.located import Map, Seq, Where, merge
from bundle_runner.bundle.parse import parse
from bundle_runner.bundle.placing import place_files
from bundle_runner.bundle.python_made import python_made
from bundle_runner.bundle.variables import Sources, choose
from bundle_runner.errors import TargetError, UsageError, did_you_mean
from bundle_runner.model import BundleFile, Job, LeftOut, Task, outline

REMOTE_ROOTS = ("~", "/Workspace", "/Volumes", "/dbfs")


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle. Jobs are resolved and checked when they are asked for.

    `left_out` tells of names around the jobs that nobody knows.
    """

    path: Path
    target: str
    tree: Map
    variables: Mapping[str, Any]
    left_out: tuple[str, ...] = ()

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

    def job(self, key: str, chosen: Collection[str] | None = None, left_out: list[str] | None = None) -> Job:
        """Return one job with every `${...}` resolved and absolute paths; of other tasks than `chosen` only the names.

        `left_out` hears of the names in it that nobody knows.

        Raises: UsageError for an unknown job, ModelError and ReferenceProblem for a wrong one.
        """
        raw = self._raw_job(key)
        tree = self._interpolator.resolve(raw if chosen is None else self._narrowed(raw, chosen), self._jobs.where[key])
        place_files(tree, self.path)
        job = parse(Job, tree, f"job {key}", self._jobs.where[key], [] if left_out is None else left_out)
        return job if chosen is None else _beside(job, self.outline(key))

    def outline(self, key: str) -> dict[str, LeftOut]:
        """Return the tasks of a job by name with what each waits for, and nothing else of them."""
        tasks = self._raw_job(key).get("tasks")
        bodies = [body for body in tasks if isinstance(body, Map)] if isinstance(tasks, Seq) else []
        return {self._key_of(body): outline(self._key_of(body), body) for body in bodies}

    def task_places(self, key: str) -> dict[str, Where]:
        """Return where each task of a job is written."""
        tasks = self._raw_job(key).get("tasks")
        pairs = zip(tasks, tasks.where, strict=True) if isinstance(tasks, Seq) else ()
        return {self._key_of(body): where for body, where in pairs if isinstance(body, Map)}

    def _raw_job(self, key: str) -> Map:
        if key not in self._jobs:
            made = python_made(self.tree, self.folder)
            said = f"; {made.words_of(key)}" if made else ""
            raise UsageError(f"job {key} does not exist in {self.path}{did_you_mean(key, self._jobs)}{said}")
        raw = self._jobs[key]
        return raw if isinstance(raw, Map) else Map()

    def _narrowed(self, raw: Map, chosen: Collection[str]) -> Map:
        """Return a job without the tasks that are not chosen, so that nothing in them counts."""
        tasks, kept = raw["tasks"], Seq()
        for body, where in zip(tasks, tasks.where, strict=True):
            if not isinstance(body, Map) or self._key_of(body) in chosen:
                kept.add(body, where)
        copy = merge(Map(), raw)
        copy.put("tasks", kept, raw.where["tasks"])
        return copy

    def _key_of(self, body: Map) -> str:
        return str(self._interpolator.resolve(body.get("task_key")))

    @property
    def builds(self) -> dict[Path, str]:
        """Return the commands by which the artifacts are built, by the folders in which they run."""
        artifacts = self.tree.get("artifacts")
        bodies = artifacts if isinstance(artifacts, Map) else Map()
        return {
            Path(os.path.normpath(bodies.where[name].file.parent / str(body.get("path") or "."))): str(
                body.get("build") or ""
            )
            for name, body in bodies.items()
            if isinstance(body, Map)
        }

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

    @property
    def _facts(self) -> dict[str, Any]:
        """Return what `${bundle.…}` offers."""
        said = self.tree["bundle"]
        facts = {"target": self.target, "environment": self.target, "mode": self.mode or ""}
        return {**said, **facts, "git": {**git_facts(self.folder), **(said.get("git") or {})}}

    @cached_property
    def _interpolator(self) -> Interpolator:
        workspace = {**(self.tree.get("workspace") or {}), "file_path": str(self.folder)}
        workspace.setdefault("root_path", f"~/.bundle/{self.name}/{self.target}")
        workspace["current_user"] = _current_user()
        roots = {
            "bundle": self._facts,
            "var": self.variables,
            "variables": {name: {"value": value} for name, value in self.variables.items()},
            "workspace": workspace,
            "resources": resources_root(self.tree.get("resources")),
            "artifacts": self.tree.get("artifacts") or {},
        }
        return Interpolator(roots)


def _beside(job: Job, all_tasks: Mapping[str, LeftOut]) -> Job:
    """Return the job with the tasks that were left out, in the order in which they are written."""
    read = {task.task_key for task in job.tasks}
    order = list(all_tasks)
    tasks: list[Task] = [*job.tasks, *(task for key, task in all_tasks.items() if key not in read)]
    return job.model_copy(update={"tasks": tuple(sorted(tasks, key=lambda task: order.index(task.task_key)))})


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
    left_out: list[str] = []
    parsed = parse(BundleFile, tree, "the bundle", Where(path, 1), left_out)
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
    return Bundle(path, name, merge(tree, _rooted(root, path)) if root else tree, values, tuple(left_out))


def _rooted(root: Path, path: Path) -> Map:
    workspace, tree = Map(), Map()
    workspace.put("root_path", str(root.resolve()), Where(path, 1))
    tree.put("workspace", workspace, Where(path, 1))
    return tree
