"""The ledger's own notes: small JSON files, each replaced whole or only added to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def read_json(path: Path) -> dict[str, Any]:
    """Return the object a file holds; an empty one where there is no file."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Put an object in place of what a file held, at once."""
    _publish(path, json.dumps(value, indent=1, sort_keys=True))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file that has one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def write_lines(path: Path, values: Iterable[Mapping[str, Any]]) -> None:
    """Put objects, one a line, in place of what a file held, at once."""
    _publish(path, "".join(f"{json.dumps(value, sort_keys=True)}\n" for value in values))


def append_line(path: Path, value: Mapping[str, Any]) -> None:
    """Add an object as a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(value, sort_keys=True) + "\n")


def _publish(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
