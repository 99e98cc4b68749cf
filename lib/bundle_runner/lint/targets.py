"""Rules on targets, permissions and artifacts: what a deployment would stumble over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bundle_runner.bundle.located import Map, Seq
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, a_text, items, members, opaque
from bundle_runner.lint.reading import ReadBundle, View

SHARED = warning(
    "B601",
    "Production lives under /Workspace/Shared",
    "Everybody may change what is there, also what production runs.",
    "root_path: /Workspace/Shared/.bundle/…",
    "root_path: /Workspace/Users/${workspace.current_user.userName}/.bundle/…",
)
TWO_DEFAULTS = error(
    "B602",
    "Two targets are the default",
    "The CLI refuses the bundle.",
    "default: true in dev and in prod",
    "default: true in dev",
)
NO_ROOT = warning(
    "B603",
    "Production has no folder of its own",
    "Each person who deploys would get a production of their own.",
    "prod: {mode: production}",
    "prod: {mode: production, workspace: {root_path: …}} or run_as",
)
PRINCIPALS = error(
    "B604",
    "A permission or run_as is for nobody or for several",
    "An entry names one of user_name, group_name and service_principal_name; the deployment fails.",
    "permissions: [{level: CAN_RUN}]",
    "permissions: [{level: CAN_RUN, group_name: users}]",
)
NO_BUILD = error(
    "B605",
    "A wheel does not say how it is built",
    "Without build the CLI looks for setup.py; a package with pyproject.toml alone is not built.",
    "artifacts: {lib: {type: whl}}",
    "artifacts: {lib: {type: whl, build: python -m build --wheel}}",
)
UNPAUSED = error(
    "B607",
    "A development target lets triggers run",
    "The CLI refuses it: copies of developers would run beside each other.",
    "dev: {mode: development, presets: {trigger_pause_status: UNPAUSED}}",
    "dev: {mode: development}",
)
IN_VOLUME = error(
    "B608",
    "A path of the workspace lies in a volume",
    "Only workspace.artifact_path may; the CLI refuses it.",
    "workspace: {root_path: /Volumes/main/default/x}",
    "workspace: {root_path: /Workspace/Users/…}",
)
PEOPLE = ("user_name", "group_name", "service_principal_name")


def check_targets(bundle: ReadBundle) -> Iterator[Finding]:
    """Check targets, permissions and artifacts."""
    chosen = [
        (name, a_map(body).where["default"])
        for name, body, _ in members(bundle.merged.get("targets"))
        if a_map(body).get("default") is True
    ]
    for name, where in chosen[1:]:
        yield TWO_DEFAULTS.at(where, f"targets {chosen[0][0]} and {name} both say default: true; keep one")
    for view in bundle.views:
        yield from _production(view, a_map(a_map(bundle.merged.get("targets")).get(view.target)))
        yield from _development(view, a_map(a_map(bundle.merged.get("targets")).get(view.target)))
        yield from _paths(view)
        yield from _permissions(view.tree)
        yield from _run_as(view.tree)
    yield from _artifacts(bundle)


def _production(view: View, target: Map) -> Iterator[Finding]:
    if target.get("mode") != "production" and view.target not in ("prod", "production"):
        return
    workspace = a_map(view.tree.get("workspace"))
    root = workspace.get("root_path")
    if isinstance(root, str) and root.startswith(("/Workspace/Shared", "/Shared")):
        yield SHARED.at(
            workspace.where["root_path"], f"target {view.target} lives in {root}, where everybody may change it"
        )
    if target.get("mode") == "production" and root is None and view.tree.get("run_as") is None:
        yield NO_ROOT.at(
            target.where["mode"], f"target {view.target} is production without workspace.root_path or run_as"
        )


def _development(view: View, target: Map) -> Iterator[Finding]:
    presets = a_map(view.tree.get("presets"))
    if target.get("mode") == "development" and presets.get("trigger_pause_status") == "UNPAUSED":
        yield UNPAUSED.at(
            presets.where["trigger_pause_status"],
            f"target {view.target}: a development target cannot run triggers",
        )


def _paths(view: View) -> Iterator[Finding]:
    for name, value, where in members(view.tree.get("workspace")):
        if name != "artifact_path" and name.endswith("_path") and str(value).startswith("/Volumes/"):
            yield IN_VOLUME.at(where, f"target {view.target}: {name} cannot lie in a volume; only artifact_path can")


def _permissions(node: Any) -> Iterator[Finding]:
    for name, value, _ in members(node):
        if name == "permissions":
            yield from _entries(value)
        else:
            yield from _permissions(value)
    for item in node if isinstance(node, Seq) else ():
        yield from _permissions(item)


def _run_as(node: Any) -> Iterator[Finding]:
    for name, value, where in members(node):
        named = [person for person in PEOPLE if a_map(value).get(person)]
        if name == "run_as" and isinstance(value, Map) and len(named) != 1:
            got = " and ".join(named) or "none"
            yield PRINCIPALS.at(where, f"run_as names one of {', '.join(PEOPLE)}, got {got}")
        yield from _run_as(value)


def _entries(value: Any) -> Iterator[Finding]:
    for entry, where in items(value):
        named = [name for name in PEOPLE if entry.get(name)]
        if len(named) != 1:
            got = " and ".join(named) or "none"
            yield PRINCIPALS.at(where, f"a permission names one of {', '.join(PEOPLE)}, got {got}")


def _artifacts(bundle: ReadBundle) -> Iterator[Finding]:
    for name, body, where in members(bundle.merged.get("artifacts")):
        artifact = a_map(body)
        path = artifact.get("path", ".")
        if a_text(artifact.get("type")) != "whl" or {"build", "files"} & set(artifact) or opaque(path):
            continue
        folder = where.file.parent / str(path)
        if (folder / "pyproject.toml").is_file() and not (folder / "setup.py").is_file():
            yield NO_BUILD.at(
                where, f"artifact {name} has no build, and {path} has no setup.py: no wheel would be made"
            )
