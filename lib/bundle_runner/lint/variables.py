"""Rules on variables: are they declared, used and given a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, members, opaque, words
from bundle_runner.lint.reading import ReadBundle

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
NOT_DECLARED = error(
    "B210",
    "A target sets a variable that the bundle does not declare",
    "The CLI refuses the target.",
    "targets: {dev: {variables: {catlog: main}}}",
    "targets: {dev: {variables: {catalog: main}}}",
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


def check_variables(bundle: ReadBundle) -> Iterator[Finding]:
    """Check declarations, values and use of the bundle's variables."""
    declared = a_map(bundle.merged.get("variables"))
    used = {name for file in bundle.files for name in re.findall(r"\$\{(?:var|variables)\.([\w-]+)", file.text)}
    all_is_seen = not (bundle.makes_resources_in_python or bundle.problems or bundle.waits_for_resources)
    for name, _, where in members(declared):
        if name not in used and all_is_seen:
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
