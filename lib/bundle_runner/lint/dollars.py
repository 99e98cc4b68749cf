"""Rules on `${...}` where it is written: does what it names exist, and is it written right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bundle_runner.bundle.located import Where
from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error
from bundle_runner.lint.places import a_map, members, words
from bundle_runner.lint.reading import ReadBundle
from bundle_runner.lint.shapes import shapes

UNKNOWN = error(
    "B201",
    "`${...}` names what does not exist",
    "The CLI refuses the bundle, or hands the text on as it stands.",
    "${var.catlog}",
    "${var.catalog}",
)
SCRIPT = error(
    "B209",
    "`${NAME}` of the shell in scripts.*.content",
    "The CLI takes it for a reference of its own and refuses the script.",
    "content: echo ${HOME}",
    "content: echo $HOME",
)
NO_REFERENCE = error(
    "B211",
    "Braces that are no reference",
    "They are handed on as they stand, without a word.",
    "${{ var.catalog }}, ${var.catalog or {{job.run_id}",
    "${var.catalog}, {{job.run_id}}",
)

DOLLAR = re.compile(r"\$\{([A-Za-z][\w-]*(?:\.[\w-]+(?:\[\d+\])*)*)\}")
ROOTS = ("var", "variables", "bundle", "workspace", "resources", "artifacts")
BUNDLE = ("name", "target", "environment", "uuid", "git", "mode", "cluster_id", "compute_id", "deployment")
USER = ("userName", "short_name", "domain_friendly_name", "displayName", "id", "name", "emails", "groups", "active")
OF_CLI = r"(?:var|variables|bundle|workspace|resources|artifacts)\.[\w.-]+"
OF_RUN = r"(?:job|task|tasks|backfill)\.[\w.-]+|input(?:\.[\w.-]+)?"
MISTAKEN = (
    (re.compile(rf"\$?\{{\{{\s*({OF_CLI})\s*\}}\}}"), "${{{0}}}"),
    (re.compile(rf"\$\(({OF_CLI})\)"), "${{{0}}}"),
    (re.compile(rf"\$\{{({OF_CLI})(?![\w.\[\]}}$-])"), "${{{0}}}"),
    (re.compile(rf"\$\{{({OF_RUN})\}}"), "{{{{{0}}}}}"),
    (re.compile(rf"\{{\{{\s*({OF_RUN})\s*(?:\}}(?!\}})|$)"), "{{{{{0}}}}}"),
    (re.compile(r"(?<![{$])\{((?:job|tasks)\.[\w.-]+)\}"), "{{{{{0}}}}}"),
)


def check_dollars(bundle: ReadBundle) -> Iterator[Finding]:
    """Check every `${...}` where it is written."""
    for file in bundle.files:
        for name, part, where in members(file.tree):
            if name != "scripts":
                for text, place in words(part, where):
                    yield from _texts(text, place, bundle)
        for name, script, where in members(file.tree.get("scripts")):
            content = a_map(script).get("content")
            for found in re.findall(r"\$\{(\w+)\}", content) if isinstance(content, str) else ():
                yield SCRIPT.at(
                    a_map(script).where.get("content", where),
                    f"script {name}: the CLI takes ${{{found}}} for its own and refuses it; write ${found}",
                )


def _texts(text: str, where: Where, bundle: ReadBundle) -> Iterator[Finding]:
    for found in DOLLAR.findall(text):
        yield from _dollar(found, where, bundle)
    for pattern, right in MISTAKEN:
        for match in pattern.finditer(text):
            meant = right.format(match[1])
            yield NO_REFERENCE.at(where, f"{match[0]} is no reference and stays as it stands; say {meant}")


def _dollar(reference: str, where: Where, bundle: ReadBundle) -> Iterator[Finding]:
    root, *rest = re.findall(r"[\w-]+", re.sub(r"\[\d+\]", "", reference))
    said = None
    if root in ROOTS:
        said = _missing(root, rest, bundle)
    elif rest and (hint := did_you_mean(root, ROOTS)).startswith("; did"):
        said = f"{root} is no root{hint}"
    if said:
        yield UNKNOWN.at(where, f"${{{reference}}} does not exist: {said}")


def _missing(root: str, rest: list[str], bundle: ReadBundle) -> str | None:
    """Return why a reference leads nowhere, None when it leads somewhere or nobody here can know."""
    if not rest:
        return f"{root} needs a name after it"
    known: Any = None
    if root in ("var", "variables"):
        known = a_map(bundle.merged.get("variables"))
        if root == "variables" and rest[1:] == [] and rest[0] in known:
            return f"it is a declaration and no value; say ${{var.{rest[0]}}}"
    elif root == "bundle":
        known = BUNDLE
    elif root == "workspace":
        known = (*shapes()["workspace"].fields, "current_user")
        if rest[0] == "current_user" and len(rest) > 1:
            rest, known = rest[1:], USER
    elif root == "artifacts":
        known = a_map(bundle.merged.get("artifacts"))
    elif root == "resources" and not bundle.makes_resources_in_python:
        return _no_resource(rest, bundle)
    if known is None or rest[0] in known:
        return None
    return f"{rest[0]} is unknown{did_you_mean(rest[0], known)}"


def _no_resource(rest: list[str], bundle: ReadBundle) -> str | None:
    places = [bundle.merged, *(a_map(body) for _, body, _ in members(bundle.merged.get("targets")))]
    known: dict[str, set[str]] = {}
    for place in places:
        for kind, resources, _ in members(place.get("resources")):
            known.setdefault(kind, set()).update(a_map(resources))
    if rest[0] not in known:
        return f"the bundle has no {rest[0]}{did_you_mean(rest[0], known)}"
    if len(rest) > 1 and rest[1] not in known[rest[0]]:
        return f"{rest[1]} is not among its {rest[0]}{did_you_mean(rest[1], known[rest[0]])}"
    return None
