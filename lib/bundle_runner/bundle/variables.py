"""Give every variable of the bundle its value, by the precedence of the Databricks CLI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle_runner.bundle.located import Map, Seq, Where
from bundle_runner.errors import BundleError, UsageError, did_you_mean
from bundle_runner.model import Variable

PREFIX = "BUNDLE_VAR_"


@dataclass(frozen=True)
class Sources:
    """Where values come from, the strongest first."""

    command: Mapping[str, str]
    environment: Mapping[str, str]
    overrides_file: Path
    target: Map


def choose(declared: Mapping[str, Variable], defaults: Map, sources: Sources) -> dict[str, Any]:
    """Return one raw value per variable: `--var` > BUNDLE_VAR_x > overrides file > target > default.

    Raises: UsageError for an unknown `--var`, BundleError for a variable without a value.
    """
    for name in sources.command:
        if name not in declared:
            raise UsageError(f"--var {name}: the bundle has no such variable{did_you_mean(name, declared)}")
    from_file = _read_overrides(sources.overrides_file)
    return {name: _value(name, variable, defaults.get(name), sources, from_file) for name, variable in declared.items()}


def _value(name: str, variable: Variable, raw: Any, sources: Sources, from_file: Map) -> Any:
    text = _text_value(name, variable, sources)
    if text is not None:
        return text
    if name in from_file:
        return from_file[name]
    if name in sources.target:
        return _target_value(sources.target[name])
    if variable.lookup is not None:
        return Map()  # looked up in a workspace: nothing on a laptop can use it
    if not isinstance(raw, Map) or raw.get("default") is None:
        raise BundleError(f"variable {name} has no value; say --var {name}=… or set {PREFIX}{name}")
    return raw["default"]


def _text_value(name: str, variable: Variable, sources: Sources) -> str | None:
    given = {"--var": sources.command.get(name), PREFIX + name: sources.environment.get(PREFIX + name)}
    for origin, value in given.items():
        if value is not None:
            if variable.type == "complex":
                raise UsageError(
                    f"{origin}: variable {name} is complex and cannot be set by a text; "
                    f"write it into {sources.overrides_file}"
                )
            return value
    return None


def _target_value(value: Any) -> Any:
    """Return what a target says of a variable: the value itself, or a definition with a default."""
    if isinstance(value, Map) and "default" in value and set(value) <= {"default", "type", "description"}:
        return value["default"]
    return value


def _read_overrides(path: Path) -> Map:
    if not path.is_file():
        return Map()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BundleError(f"{path}: this is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise BundleError(f"{path}: expected an object of variable names and values")
    located: Map = _locate(content, Where(path, 1))
    return located


def _locate(value: Any, where: Where) -> Any:
    if isinstance(value, dict):
        result = Map()
        for key, item in value.items():
            result.put(key, _locate(item, where), where)
        return result
    if isinstance(value, list):
        seq = Seq()
        for item in value:
            seq.add(_locate(item, where), where)
        return seq
    return value
