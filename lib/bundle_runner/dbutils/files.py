"""`dbutils.fs` on this machine: a bare path and `file:/` are what they say, `dbfs:/` is a folder of the target.

Spark itself knows bare paths and `file:/` only.
"""
# ruff: noqa: N803

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle_runner.task import TaskError

PLACE = "BUNDLE_DBFS"
OFFERED = "ls, head, put, mkdirs, cp, mv and rm"


class FileSystemError(TaskError):
    """Say which path cannot be used so, and why."""


@dataclass(frozen=True)
class FileInfo:
    """A file or a folder, whose name then ends in `/`; size in bytes, time in milliseconds since 1970."""

    path: str
    name: str
    size: int
    modificationTime: int  # noqa: N815 Databricks' own name

    def isDir(self) -> bool:  # noqa: N802 Databricks' own name
        """Tell whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:  # noqa: N802 Databricks' own name
        """Tell whether it is a file."""
        return not self.isDir()


class Files:
    """Read and change files; anything that is not offered is refused by name."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"dbutils.fs.{name} is not offered by this runner; it has {OFFERED}")

    def ls(self, dir: str) -> list[FileInfo]:  # noqa: A002 Databricks' own name
        """Return what a folder holds, by name, or the file itself."""
        found = _there(dir)
        return [_told(dir, path) for path in (sorted(found.iterdir()) if found.is_dir() else [found])]

    def head(self, file: str, maxBytes: int = 65536) -> str:
        """Return the beginning of a file as UTF-8 text."""
        with _there(file).open("rb") as content:
            return content.read(maxBytes).decode("utf-8", "replace")

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text into a file.

        Raises: FileSystemError when it exists and may not be overwritten.
        """
        target = local_path(file)
        if target.exists() and not overwrite:
            raise FileSystemError(f"{file} exists and was left as it is; say overwrite=True to replace it")
        target.parent.mkdir(parents=True, exist_ok=True)
        print(f"Wrote {target.write_bytes(contents.encode())} bytes.")
        return True

    def mkdirs(self, dir: str) -> bool:  # noqa: A002 Databricks' own name
        """Make a folder with those above it."""
        local_path(dir).mkdir(parents=True, exist_ok=True)
        return True

    def cp(self, source: str, dest: str, recurse: bool = False) -> bool:
        """Copy a file into a file or a folder; a folder only with `recurse`."""
        start, end = _there(source), local_path(dest)
        if start.is_dir():
            _check_recurse(source, recurse)
            shutil.copytree(start, end, dirs_exist_ok=True)
        else:
            end.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(start, end)
        return True

    def mv(self, source: str, dest: str, recurse: bool = False) -> bool:
        """Move a file into a file or a folder; a folder only with `recurse`."""
        start, end = _there(source), local_path(dest)
        if start.is_dir():
            _check_recurse(source, recurse)
        end.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(start, end)
        return True

    def rm(self, dir: str, recurse: bool = False) -> bool:  # noqa: A002 Databricks' own name
        """Remove a file or an empty folder, with `recurse` any folder; tell whether it was there.

        Raises: FileSystemError for a folder that holds the notebook.
        """
        target = local_path(dir)
        if not target.exists():
            return False
        if not target.is_dir():
            target.unlink()
        elif Path.cwd().is_relative_to(target):
            raise FileSystemError(f"{dir} is {target}, which holds this notebook; nothing was removed")
        else:
            _check_recurse(dir, recurse or not any(target.iterdir()))
            shutil.rmtree(target)
        return True


def local_path(path: str) -> Path:
    """Return where a path of Databricks lies on this machine.

    Raises: FileSystemError for another file system, and for a way out of `dbfs:/`.
    """
    scheme, colon, rest = path.partition(":/")
    if not colon:
        return Path(path)
    if scheme == "file":
        return Path("/" + rest.lstrip("/"))
    if scheme != "dbfs":
        raise FileSystemError(f"{path}: {scheme}:/ is not reached by this runner's dbutils.fs; it knows dbfs:/, file:/")
    root = Path(os.environ.get(PLACE, "dbfs")).resolve()
    found = Path(os.path.normpath(root / rest.lstrip("/")))
    if not found.is_relative_to(root):
        raise FileSystemError(f"{path} leads out of dbfs:/; nothing was done")
    return found


def _there(path: str) -> Path:
    found = local_path(path)
    if not found.exists():
        raise FileSystemError(f"{path} does not exist; here it would be {found.absolute()}")
    return found


def _check_recurse(path: str, recurse: bool) -> None:
    if not recurse:
        raise FileSystemError(f"{path} is a folder and was left as it is; say recurse=True to take all of it")


def _told(asked: str, path: Path) -> FileInfo:
    """Tell of a path in the scheme in which it was asked for."""
    facts, end = path.stat(), "/" if path.is_dir() else ""
    place = path.absolute().as_posix()
    if asked.startswith("dbfs:/"):
        root = local_path("dbfs:/").as_posix()
        written = f"dbfs:/{place.removeprefix(root).lstrip('/')}"
    else:
        written = f"file:{place}"
    size = 0 if end else facts.st_size
    return FileInfo(written + end, path.name + end, size, facts.st_mtime_ns // 1_000_000)
