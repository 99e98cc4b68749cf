"""Rules on files of resources that no include reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bundle_runner.bundle.files import NAMES
from bundle_runner.bundle.located import Map, compose
from bundle_runner.errors import BundleError
from bundle_runner.lint.finding import Finding, warning
from bundle_runner.lint.places import a_map
from bundle_runner.lint.reading import ReadBundle
from bundle_runner.lint.shapes import shapes

NOT_READ = warning(
    "B013",
    "A file of resources that no include reads",
    "It stands beside files that are read; validate and deploy are silent, and nothing of it is deployed.",
    "include: [resources/*.job.yml] and jobs in resources/refunds.yml",
    "resources/refunds.job.yml, or another pattern",
)


def check_strays(bundle: ReadBundle) -> Iterator[Finding]:
    """Look beside the included files, and in resources/, for resources that are not read."""
    read = {file.path for file in bundle.files}
    for path in sorted(set(_beside(bundle)) - read) if not bundle.problems else ():  # else that may be why
        tree = _tree(path)
        if set(a_map(tree.get("resources"))) & set(shapes()["resources"].fields):
            name = path.relative_to(bundle.folder) if path.is_relative_to(bundle.folder) else path.name
            yield NOT_READ.at(
                tree.where["resources"], f"no include of {bundle.path.name} reads {name}, so nothing of it is deployed"
            )


def _beside(bundle: ReadBundle) -> Iterator[Path]:
    for folder in {bundle.folder / "resources", *(file.path.parent for file in bundle.files[1:])}:
        is_own = bundle.folder in folder.parents  # else all that is beside the bundle would be searched
        for ending in ("*.yml", "*.yaml"):
            found = folder.rglob(ending) if is_own else folder.glob(ending)
            yield from (path for path in found if path != bundle.path and not _is_of_another(path, bundle.folder))


def _is_of_another(path: Path, folder: Path) -> bool:
    inner = [parent for parent in path.parents if folder in parent.parents]
    return any((parent / name).is_file() for parent in inner for name in NAMES)


def _tree(path: Path) -> Map:
    try:
        if re.search(r"(?m)^resources\s*:", path.read_text(encoding="utf-8")):
            return compose(path).tree
    except (BundleError, OSError, UnicodeDecodeError):
        return Map()  # what no include reads need not be YAML
    return Map()
