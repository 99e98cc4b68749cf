"""What a job asks to be installed: a laptop installs nothing for it, it looks whether this environment has it."""

from __future__ import annotations

import shlex
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from bundle_runner.errors import BundleError

ELSEWHERE = ("/Workspace", "/Volumes", "/dbfs", "dbfs:", "~")


def check_installed(subject: str, wanted: Iterable[str]) -> None:
    """Look for packages, wheels and files of requirements, as an environment's `dependencies` write them.

    Raises: BundleError for the first that this environment lacks, with the command that installs it.
    """
    for text in wanted:
        for spec, trouble in _troubles(text.strip()):
            install = shlex.join([sys.executable, "-m", "pip", "install", *spec.split(" ", 1)])
            raise BundleError(f"{subject}: {text}: {trouble}; nothing was started; install it: {install}")


def is_path(text: str) -> bool:
    """Tell whether a dependency is a file, not the name of a package."""
    return text.endswith(".whl") or text.startswith((".", "/", *ELSEWHERE)) or "://" in text


def _troubles(text: str) -> Iterator[tuple[str, str]]:
    """Yield what would have to be installed, and why what is here will not do."""
    option, _, rest = text.partition(" ")
    if option in ("-r", "--requirement"):
        yield from _of_file(Path(rest.strip()))
    elif text.startswith("-") or not text:
        return  # where an installer looks for packages, and how
    elif is_path(text):
        yield from _of_wheel(Path(text))
    else:
        yield from _of_package(text)


def _of_file(path: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        yield f"-r {path}", f"this file of requirements cannot be read ({type(error).__name__})"
        return
    for line in lines:
        for spec, trouble in _troubles(line.partition(" #")[0].strip() if not line.startswith("#") else ""):
            yield spec, f"{spec}: {trouble}"


def _of_package(text: str) -> Iterator[tuple[str, str]]:
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        yield text, "this is neither the name of a package with its version, such as `requests>=2`, nor a wheel"
        return
    if wanted.marker and not wanted.marker.evaluate():
        return
    found = _installed(wanted.name)
    if found is None:
        yield text, f"package {wanted.name} is not installed in this environment"
    elif not wanted.specifier.contains(found, prereleases=True):
        yield text, f"this environment has {wanted.name} {found}"


def _of_wheel(path: Path) -> Iterator[tuple[str, str]]:
    """Look for the package of a wheel; of several that a pattern finds one must fit, older ones may lie beside it."""
    if not any(sign in path.name for sign in "*?["):
        yield from _of_file_name(path)
        return
    troubles = [list(_of_file_name(file)) for file in sorted(path.parent.glob(path.name))]
    if not troubles:
        yield from _of_project(path)
    elif all(troubles):
        yield troubles[-1][0]


def _of_project(path: Path) -> Iterator[tuple[str, str]]:
    """Look for the package of a wheel that was not built yet, which its project names."""
    project = path.parent.parent
    name = _name_of(project)
    if name is None:
        yield str(path), "no wheel is there, and no pyproject.toml above it says of which package it would be"
    elif _installed(name) is None:
        yield str(project), f"package {name} is not installed in this environment"


def _of_file_name(file: Path) -> Iterator[tuple[str, str]]:
    try:
        name, wanted, _, _ = parse_wheel_filename(file.name)
    except (InvalidWheelFilename, InvalidVersion):
        yield str(file), "this is not the name of a wheel"
        return
    found = _installed(name)
    if found is None:
        yield str(file), f"package {name} is not installed in this environment"
    elif Version(found).public != wanted.public:
        yield str(file), f"this environment has {name} {found}"


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _name_of(folder: Path) -> str | None:
    path = folder / "pyproject.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return (content.get("project") or {}).get("name")
