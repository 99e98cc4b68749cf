"""Rules on wheels: does what a task installs lie where an artifact puts it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from bundle_runner.bundle.located import Seq, Where
from bundle_runner.lint.files import ELSEWHERE
from bundle_runner.lint.finding import Finding, warning
from bundle_runner.lint.places import a_map, a_text, items, members
from bundle_runner.lint.reading import JobView, ReadBundle, View

NO_WHEEL = warning(
    "B609",
    "A task installs a wheel from where none is built",
    "A path counts from the file in which it is written; the deployment finds no file.",
    "libraries: [{whl: dist/*.whl}] in resources/daily.job.yml",
    "libraries: [{whl: ../dist/*.whl}]",
)
_OUTPUT = re.compile(r"(?:--wheel-dir|--out-?dir|-w|-o|-d)[ =]+(\S+)")


def check_wheels(bundle: ReadBundle) -> Iterator[Finding]:
    """Check the wheels of every task, as each target sees it; without an artifact nobody knows where they are."""
    for view in bundle.views:
        built = _built(view)
        for job in view.jobs if built else ():
            for text, where in _wheels(job):
                path = Path(os.path.normpath(where.file.parent / text))
                if path.parent not in built and not any(path.parent.glob(path.name)):
                    yield NO_WHEEL.at(where, f"no artifact builds {text}; say {_meant(built, path.name, where)}")


def _meant(built: list[Path], name: str, where: Where) -> str:
    return os.path.relpath(built[0] / name, where.file.parent)


def _built(view: View) -> list[Path]:
    """Return the folders into which the artifacts put wheels: `dist`, or what their command says."""
    found: list[Path] = []
    for _, body, where in members(view.tree.get("artifacts")):
        artifact, folder = a_map(body), where.file.parent / (a_text(a_map(body).get("path")) or ".")
        if artifact.get("type", "whl") == "whl":
            build = a_text(artifact.get("build")) or ""
            files = [
                Path(text).parent for item, _ in items(artifact.get("files")) if (text := a_text(item.get("source")))
            ]
            found += [Path(os.path.normpath(folder / part)) for part in ("dist", *_OUTPUT.findall(build))]
            found += [Path(os.path.normpath(where.file.parent / part)) for part in files]
    return found


def _wheels(job: JobView) -> Iterator[tuple[str, Where]]:
    written: list[tuple[object, Where]] = []
    for task in job.bodies:
        written += [(item["whl"], item.where["whl"]) for item, _ in items(task.body.get("libraries")) if "whl" in item]
    for environment, _ in items(job.body.get("environments")):
        listed = a_map(environment.get("spec")).get("dependencies")
        written += zip(listed, listed.where, strict=True) if isinstance(listed, Seq) else ()
    for value, where in written:
        text = a_text(value)
        if text and text.endswith(".whl") and not text.startswith(ELSEWHERE) and "://" not in text and "{{" not in text:
            yield text, where
