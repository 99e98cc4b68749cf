"""What a job asks to be installed: a laptop installs nothing for it, it looks whether this environment has it."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from bundle_runner.errors import BundleError

_PROJECTS = ("pyproject.toml", "setup.py", "setup.cfg")
ELSEWHERE = ("/Workspace", "/Volumes", "/dbfs", "dbfs:", "~")


Builds = Mapping[Path, str]
"""The commands that build wheels, by the folders in which they are run."""


def check_installed(subject: str, wanted: Iterable[str], builds: Builds = MappingProxyType({})) -> None:
    """Look for packages, wheels and files of requirements, as an environment's `dependencies` write them.

    Raises: BundleError for the first that this environment lacks, with the command that installs it.
    """
    for text in wanted:
        for spec, trouble in _troubles(text.strip()):
            install = _install(spec, builds)
            raise BundleError(f"{subject}: {text}: {trouble}; nothing was started; install it: {install}")


def _install(spec: str, builds: Builds) -> str:
    """Return the command that installs something; a wheel that is not there is built first, by its own project."""
    pip = shlex.join([sys.executable, "-m", "pip", "install"])
    path = Path(spec)
    if path.suffix != ".whl" or any(path.parent.glob(path.name)):
        return f"{pip} {shlex.join(spec.split(' ', 1))}"
    project = _project_of(path, builds)
    if project is not None and builds.get(project):
        wheel = f"{shlex.quote(str(path.parent))}/{path.name}"
        return f"cd {shlex.quote(str(project))} && {builds[project].strip()} && {pip} {wheel}"
    return f"{pip} {shlex.quote(str(project or path))}"


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
    project = _project_of(path, {})
    name = _name_of(project) if project else None
    if name is None:
        yield str(path), "no wheel is there, and no pyproject.toml above it says of which package it would be"
    elif _installed(name) is None:
        yield str(path), f"no wheel is there, and package {name} is not installed in this environment"


def _project_of(path: Path, builds: Builds) -> Path | None:
    """Return the folder of the project that makes a wheel: mostly the one above `dist`."""
    for folder in (path.parent.parent, path.parent):
        if folder in builds or any((folder / name).is_file() for name in _PROJECTS):
            return folder
    return None


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
    """Return the name of a project: of the standard, of Poetry, or of a setup.py that says it plainly."""
    content = _text(folder / "pyproject.toml")
    try:
        tables = tomllib.loads(content)
    except ValueError:
        tables = {}
    for table in (tables.get("project"), (tables.get("tool") or {}).get("poetry")):
        if table and table.get("name"):
            return str(table["name"])
    found = re.search(r"""\bname\s*=\s*["']?([\w.-]+)""", _text(folder / "setup.py") or _text(folder / "setup.cfg"))
    return found[1] if found else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
