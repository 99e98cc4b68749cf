"""Rules on files: do they exist, are they what the task expects, do they reach the workspace."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from bundle_runner.bundle.located import Map, Seq, Where
from bundle_runner.errors import did_you_mean, nearest
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, a_text, items, members, opaque
from bundle_runner.lint.reading import JobView, ReadBundle, TaskView

NO_FILE = error(
    "B005",
    "A file does not exist",
    "The deployment fails; a path counts from the file in which it is written.",
    "notebook_path: ../notebook/load.ipynb",
    "notebook_path: ../notebooks/load.ipynb",
)
IGNORED = error(
    "B006",
    "Git ignores a file that a task needs",
    "validate and deploy are silent, and the file is not uploaded: the run fails.",
    "*.ipynb in .gitignore",
    "an exception in .gitignore, or sync: {include: […]}",
)
NO_MATCH = warning(
    "B007",
    "A pattern of sync matches no file",
    "On a fresh clone `databricks bundle validate --strict` fails on it.",
    "sync: {exclude: [scrach/**]}",
    "sync: {exclude: [scratch/**]}",
)
NOT_THAT_KIND = error(
    "B008",
    "A file is not what its task runs",
    "A notebook as .py begins with `# Databricks notebook source`, any other .py is a plain file: the CLI refuses it.",
    "notebook_path: plain.py",
    "spark_python_task: {python_file: plain.py}",
)

HEADER = "# Databricks notebook source"
SOURCES = frozenset({".ipynb", ".py", ".r", ".R", ".scala", ".sql"})
ELSEWHERE = ("/", "~", "dbfs:", "http:", "https:")
LEFT_OUT = frozenset({".git", ".venv", "node_modules", ".databricks", ".lakehouse"})


@dataclass(frozen=True)
class NamedFile:
    """A local file that something in the bundle names; `kind` says as what."""

    path: Path
    written: str
    where: Where
    subject: str
    kind: str
    task: TaskView | None = None
    job: JobView | None = None


def check_files(bundle: ReadBundle) -> Iterator[Finding]:
    """Check every file that a task or a pipeline names."""
    found = [file for file in named_files(bundle) if file.path.is_file()]
    for file in named_files(bundle):
        if not file.path.is_file():
            yield NO_FILE.at(file.where, f"{file.subject}: {file.written} does not exist{_nearby(file, bundle.folder)}")
    for file in found:
        yield from _kind(file)
    ignored = _ignored(bundle.folder, {file.path for file in found})
    kept = _patterns(bundle, "include")
    for file in found:
        if file.path in ignored and not any(_matches(file.path, pattern, bundle.folder) for pattern, _ in kept):
            yield IGNORED.at(file.where, f"{file.subject}: git ignores {file.written}, so it would not be uploaded")
    yield from _syncs(bundle)


def named_files(bundle: ReadBundle) -> Iterator[NamedFile]:
    """Yield the local files of all tasks and pipelines, as each target sees them."""
    for view in bundle.views:
        for job in view.jobs:
            for task in job.bodies:
                yield from _of_task(task, job)
        for name, pipeline, _ in members(a_map(view.tree.get("resources")).get("pipelines")):
            for library, _ in items(a_map(pipeline).get("libraries")):
                for part in ("notebook", "file"):
                    yield from _named(a_map(library.get(part)), "path", f"pipeline {name}", part)


def _of_task(task: TaskView, job: JobView) -> Iterator[NamedFile]:
    sql = a_map(task.body.get("sql_task"))
    for body, field, kind in (
        (a_map(task.body.get("notebook_task")), "notebook_path", "notebook"),
        (a_map(task.body.get("spark_python_task")), "python_file", "python"),
        (a_map(sql.get("file")), "path", "sql"),
    ):
        if not _from_git(body, job):
            for file in _named(body, field, f"task {task.key}", kind):
                yield replace(file, task=task, job=job)


def _from_git(body: Map, job: JobView) -> bool:
    return body.get("source") == "GIT" or (job.body.get("git_source") is not None and body.get("source") != "WORKSPACE")


def _named(body: Map, field: str, subject: str, kind: str) -> Iterator[NamedFile]:
    text = a_text(body.get(field))
    if text and not text.startswith(ELSEWHERE) and "://" not in text and "{{" not in text and "*" not in text:
        where = body.where[field]
        path = Path(os.path.normpath(where.file.parent / text))
        yield NamedFile(path, text, where, subject, kind)


def _nearby(file: NamedFile, folder: Path) -> str:
    path = file.path
    if path.is_dir():
        return " as a file; it is a folder"
    if (folder / file.written).is_file():
        return f"; from {file.where.file.name} it is {os.path.relpath(folder / file.written, file.where.file.parent)}"
    if not path.parent.is_dir():
        return f"; nor does the folder {path.parent}"
    names = sorted(file.name for file in path.parent.iterdir() if file.is_file())
    same = [name for name in names if Path(name).stem == path.name]
    return f"; did you mean {same[0]}?" if same else did_you_mean(path.name, names)


def _kind(file: NamedFile) -> Iterator[Finding]:
    if file.path.suffix not in SOURCES or file.kind == "sql":
        return
    is_notebook = file.path.suffix == ".ipynb" or head(file.path).endswith(HEADER.removeprefix("# "))
    if file.kind == "notebook" and not is_notebook:
        yield NOT_THAT_KIND.at(
            file.where, f"{file.subject}: {file.written} is no notebook: its first line is not `{HEADER}`"
        )
    if file.kind in ("python", "file") and is_notebook:
        hint = "in a notebook_task" if file.kind == "python" else "as notebook"
        yield NOT_THAT_KIND.at(file.where, f"{file.subject}: {file.written} is a notebook; name it {hint}")


def head(path: Path) -> str:
    """Return the first line of a file."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        return lines.readline().rstrip()


def _ignored(folder: Path, paths: Iterable[Path]) -> set[Path]:
    """Return the files that git ignores; none where there is no git or no repository."""
    asked = "\0".join(sorted(map(str, paths)))
    if not asked:
        return set()
    try:
        answer = subprocess.run(
            ["git", "check-ignore", "--stdin", "-z"],
            input=asked,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return set()
    return {Path(name) for name in answer.stdout.split("\0") if name}


def _patterns(bundle: ReadBundle, name: str) -> list[tuple[str, Where]]:
    found = []
    for tree in (bundle.merged, *(a_map(body) for _, body, _ in members(bundle.merged.get("targets")))):
        listed = a_map(tree.get("sync")).get(name)
        if isinstance(listed, Seq):
            found += [(str(text), where) for text, where in zip(listed, listed.where, strict=True) if not opaque(text)]
    return found


def _syncs(bundle: ReadBundle) -> Iterator[Finding]:
    patterns = [(name, *found) for name in ("exclude", "include") for found in _patterns(bundle, name)]
    files = _all_files(bundle.folder) if patterns else []
    for name, pattern, where in patterns:
        home = where.file.parent
        if pattern.startswith((".", "!")) or any(_matches(file, pattern, home) for file in files):
            continue
        near = _misspelt(pattern, home)
        if name == "exclude" or near:  # what is included may be what a build or the deployment makes
            yield NO_MATCH.at(where, f"sync.{name} {pattern} matches no file, so it changes nothing{near}")


def _misspelt(pattern: str, home: Path) -> str:
    """Name what the first part of a pattern that is not there may have meant."""
    for part in Path(pattern.strip("/")).parts:
        if any(sign in part for sign in "*?["):
            return ""
        if not (home / part).exists():
            near = nearest(part, [path.name for path in home.iterdir()])
            return f"; did you mean {near}?" if near else ""
        home /= part
    return ""


def _all_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        found += [Path(here, name) for name in names]
    return found


def _matches(path: Path, pattern: str, folder: Path) -> bool:
    """Match as .gitignore does: a pattern without a slash matches at any depth, a folder all that is in it."""
    name = os.path.relpath(path, folder)
    bare = pattern.removeprefix("./").rstrip("/")
    if "/" not in bare:
        return any(fnmatch(part, bare) for part in Path(name).parts)
    bare = bare.lstrip("/")
    return fnmatch(name, bare) or fnmatch(name, f"{bare}/*") or fnmatch(name, bare.replace("**/", ""))
