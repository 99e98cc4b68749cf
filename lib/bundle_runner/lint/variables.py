"""Rules on variables and `${...}`: are they declared, used, given a value, and does what they name exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, members, opaque, words
from bundle_runner.lint.reading import ReadBundle
from bundle_runner.lint.shapes import shapes
from bundle_runner.located import Where

UNKNOWN = error(
    "B201",
    "`${...}` names what does not exist",
    "The CLI refuses the bundle, or hands the text on as it stands.",
    "${var.catlog}",
    "${var.catalog}",
)
UNUSED = warning(
    "B202",
    "A variable is never used",
    "Whoever sets it changes nothing; often the reference is misspelt.",
    "variables: {catalog: {default: main}}",
    "${var.catalog} somewhere, or no such variable",
)
NO_VALUE = warning(
    "B203",
    "A variable has no value in a target",
    "A deployment of this target fails unless --var, BUNDLE_VAR_… or an overrides file gives one.",
    "variables: {catalog: {description: …}}",
    "targets: {dev: {variables: {catalog: main}}}",
)
SCRIPT = error(
    "B209",
    "`${NAME}` of the shell in scripts.*.content",
    "The CLI takes it for a reference of its own and refuses the script.",
    "content: echo ${HOME}",
    "content: echo $HOME",
)
NOT_DECLARED = error(
    "B210",
    "A target sets a variable that the bundle does not declare",
    "The CLI refuses the target.",
    "targets: {dev: {variables: {catlog: main}}}",
    "targets: {dev: {variables: {catalog: main}}}",
)
NO_REFERENCE = error(
    "B211",
    "Braces that are no reference",
    "They are handed on as they stand, without a word.",
    "${{ var.catalog }}, ${var.catalog or {{job.run_id}",
    "${var.catalog}, {{job.run_id}}",
)

CIRCLE = error(
    "B212",
    "Variables name each other in a circle",
    "None of them has a value; the CLI refuses the bundle.",
    'a: {default: "${var.b}"} and b: {default: "${var.a}"}',
    "a: {default: x}",
)
NOT_READ = warning(
    "B213",
    "A variable stands where the CLI resolves none",
    "Which workspace to speak to, and the bundle's name, must be known before variables are.",
    'workspace: {host: "${var.host}"}',
    "workspace: {host: https://…} in each target",
)
UNRESOLVED = ("host", "profile", "client_id", "azure_client_id", "azure_tenant_id", "account_id")

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


def check_variables(bundle: ReadBundle) -> Iterator[Finding]:
    """Check declarations, values and use of the bundle's variables."""
    declared = a_map(bundle.merged.get("variables"))
    used = {name for file in bundle.files for name in re.findall(r"\$\{(?:var|variables)\.([\w-]+)", file.text)}
    for name, _, where in members(declared):
        if name not in used and not bundle.makes_resources_in_python and not bundle.problems:
            yield UNUSED.at(where, f"variable {name} is never used; remove it or say ${{var.{name}}}")
    targets = a_map(bundle.merged.get("targets"))
    for view in bundle.views:
        chosen = a_map(a_map(targets.get(view.target)).get("variables"))
        for name, _, where in members(chosen):
            if name not in declared:
                hint = did_you_mean(name, declared)
                yield NOT_DECLARED.at(where, f"target {view.target}: variable {name} is not declared{hint}")
        for name, body, where in members(declared):
            if name not in chosen and not {"default", "lookup"} & set(a_map(body)):
                yield NO_VALUE.at(
                    where, f"variable {name} has no value in target {view.target}; deploying it needs --var {name}=…"
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


def check_circles(bundle: ReadBundle) -> Iterator[Finding]:
    """Look for variables whose defaults lead back to themselves."""
    declared = a_map(bundle.merged.get("variables"))
    named = {}
    for name, body, where in members(declared):
        default = a_map(body).get("default")
        named[name] = {found for text, _ in words(default, where) for found in re.findall(r"\$\{var\.([\w-]+)\}", text)}
    for name, direct in named.items():
        seen, left = set[str](), [*direct]
        while left:
            other = left.pop()
            left += [] if other in seen else named.get(other, ())
            seen.add(other)
        if name in seen:
            yield CIRCLE.at(declared.where[name], f"variable {name} leads back to itself, so it has no value")


def check_unresolved(bundle: ReadBundle) -> Iterator[Finding]:
    """Look for variables in what must be known before variables are."""
    targets = [a_map(body) for _, body, _ in members(bundle.merged.get("targets"))]
    for tree in (bundle.merged, *targets):
        workspace, settings = a_map(tree.get("workspace")), a_map(tree.get("bundle"))
        written = [(workspace, name) for name in UNRESOLVED] + [(settings, "name")]
        for part, name in written:
            if opaque(part.get(name)):
                yield NOT_READ.at(part.where[name], f"{name}: the CLI resolves no ${{...}} here; write the value")
