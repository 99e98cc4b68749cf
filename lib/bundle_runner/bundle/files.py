"""Find databricks.yml, read it with what it includes, and lay the target upon it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bundle_runner.bundle.located import Map, load, merge
from bundle_runner.errors import BundleError, TargetError, UsageError, did_you_mean

NAMES = ("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml")
REPLACED = ("run_as",)
TARGET_PARTS = ("bundle", "workspace", "resources", "presets", "artifacts", "permissions", "sync", "run_as")


def find_bundle(start: Path) -> Path:
    """Return the bundle file in this folder or the nearest one above it.

    Raises: UsageError when there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        for name in NAMES:
            if (folder / name).is_file():
                return folder / name
    raise UsageError(f"no databricks.yml in {start.resolve()} or above; name its folder by --bundle DIR")


def read_bundle(path: Path) -> Map:
    """Return the bundle file merged with its includes; one resource must stand in one file only."""
    root = load(path)
    patterns = root.get("include") or []
    for pattern in patterns:
        for file in _included(path, str(pattern)):
            part = load(file)
            _refuse_twins(root, part)
            root = merge(root, part)
    return root


def included(path: Path, pattern: str) -> list[Path]:
    """Return the files that an include of the bundle file names, sorted."""
    return sorted(file for file in path.parent.glob(pattern) if file.is_file() and file != path)


def _included(path: Path, pattern: str) -> list[Path]:
    found = included(path, pattern)
    if not found and not any(sign in pattern for sign in "*?["):
        raise BundleError(f"{path}: include {pattern}: there is no such file")
    return found


def _refuse_twins(root: Map, part: Map) -> None:
    for kind, members in _resources(part).items():
        for key in members if isinstance(members, Map) else ():
            old = _resources(root).get(kind)
            if isinstance(old, Map) and key in old:
                raise BundleError(f"{members.where[key]}: {kind}.{key} is also defined at {old.where[key]}; keep one")


def _resources(tree: Map) -> Map:
    found = tree.get("resources")
    return found if isinstance(found, Map) else Map()


def choose_target(tree: Map, asked: str | None) -> str:
    """Return the asked target, else the default one, else the only one, else `default`.

    Raises: TargetError for a target that the bundle does not have.
    """
    targets: dict[str, Any] = tree.get("targets") or {}
    if asked is not None:
        if asked not in targets:
            raise TargetError(f"target {asked} does not exist in this bundle{did_you_mean(asked, targets)}")
        return asked
    chosen = [name for name, body in targets.items() if isinstance(body, Map) and body.get("default") is True]
    if len(chosen) > 1:
        raise BundleError(f"targets {' and '.join(chosen)} both say default: true; keep one")
    return chosen[0] if chosen else next(iter(targets)) if len(targets) == 1 else _no_default(targets)


def _no_default(targets: dict[str, Any]) -> str:
    if targets:
        raise TargetError(f"no target is marked default: true; name one by -t: {', '.join(targets)}")
    return "default"


def apply_target(tree: Map, target: str) -> Map:
    """Lay what the target changes upon the bundle; its variables are chosen elsewhere.

    Who runs it is replaced whole: a bundle's service principal beside a target's user would be two.
    """
    targets = tree.get("targets")
    body = targets.get(target) if isinstance(targets, Map) else None
    if not isinstance(body, Map):
        return tree
    changes = Map()
    for part in TARGET_PARTS:
        if body.get(part) is not None:
            changes.put(part, body[part], body.where[part])
    rest = Map()
    for key, value in tree.items():
        if key not in changes or key not in REPLACED:
            rest.put(key, value, tree.where[key])
    return merge(rest, changes)
