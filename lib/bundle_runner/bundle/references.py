"""Resolve `{{...}}`: what Lakeflow calls dynamic value references.

As in Lakeflow, an unknown name in a known namespace is an error, and anything else between double braces
is left as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bundle_runner.errors import ReferenceProblem, did_you_mean

_NAME = r"(?:[A-Za-z0-9_-]+|`[^`]+`|\[[A-Za-z0-9_-]+\])"
REFERENCE = re.compile(rf"\{{\{{\s*({_NAME}(?:\.{_NAME})*)\s*\}}\}}")
_PART = re.compile(r"`([^`]+)`|\[([^\]]+)\]|([^.`\[\]]+)")

_MOMENT = dict.fromkeys(
    (
        "iso_date",
        "iso_datetime",
        "iso_weekday",
        "is_weekday",
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "timestamp_ms",
    )
)
_ANY: Mapping[str, Any] = {}
_OF_TASK = {"run_id": None, "execution_count": None, "notebook_path": None}
SHAPE: Mapping[str, Any] = {
    "job": {
        "id": None,
        "name": None,
        "run_id": None,
        "repair_count": None,
        "start_time": _MOMENT,
        "parameters": _ANY,
        "trigger": {"type": None, "time": _MOMENT, "file_arrival": {"location": None}},
    },
    "task": {"name": None, **_OF_TASK},
    "tasks": {"*": {**_OF_TASK, "result_state": None, "error_code": None, "values": _ANY, "output": _ANY}},
    "workspace": {"id": None, "url": None},
    "backfill": _MOMENT,
    "input": _ANY,
}
"""Which names there are. Source: the page "What is a dynamic value reference?"."""
NAMESPACES = frozenset(SHAPE)
_ELSEWHERE = {
    "backfill": "this run is no backfill, only the runs of `lakehouse backfill` have it",
    "input": "it has a meaning inside for_each_task only",
}


def unknown(path: tuple[str, ...]) -> str:
    """Say which part of a reference has no meaning in any run; nothing where all may have one."""
    node: Any = SHAPE
    for part in path:
        if node is _ANY:
            return ""
        if not isinstance(node, Mapping) or (part not in node and "*" not in node):
            return f"{part} is unknown{did_you_mean(part, node) if isinstance(node, Mapping) else ''}"
        node = node.get(part, node.get("*"))
    return f"it needs one more word{did_you_mean('', node)}" if isinstance(node, Mapping) and node is not _ANY else ""


def paths(text: str) -> list[tuple[str, ...]]:
    """Return every reference of a text as its parts, those of unknown namespaces left out."""
    found = [_split(match[1]) for match in REFERENCE.finditer(text)]
    return [path for path in found if path[0] in NAMESPACES]


def resolve(text: str, facts: Mapping[str, Any]) -> str:
    """Return the text with every reference replaced.

    Raises: ReferenceProblem for a name that a known namespace does not have.
    """
    return REFERENCE.sub(lambda match: _replacement(match, facts), text)


def _replacement(match: re.Match[str], facts: Mapping[str, Any]) -> str:
    path = _split(match[1])
    if path[0] not in NAMESPACES:
        return match[0]
    if path[0] in _ELSEWHERE and path[0] not in facts:
        raise ReferenceProblem(f"{match[0]} has no value: {_ELSEWHERE[path[0]]}")
    node: Any = facts
    for part in path:
        if not isinstance(node, Mapping) or part not in node:
            hint = did_you_mean(part, map(str, node)) if isinstance(node, Mapping) else ""
            raise ReferenceProblem(f"{match[0]} has no value: {part} is unknown{hint}")
        node = node[part]
    return node if isinstance(node, str) else json.dumps(node, ensure_ascii=False)


def _split(reference: str) -> tuple[str, ...]:
    return tuple("".join(found) for found in _PART.findall(reference))


def time_facts(moment: datetime) -> dict[str, str]:
    """Return the forms in which Lakeflow offers a moment."""
    utc = moment.astimezone(UTC)
    facts = {name: f"{utc:{form}}" for name, form in _FORMS.items()}
    facts["iso_datetime"] = utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    facts["iso_weekday"] = str(utc.isoweekday())
    facts["is_weekday"] = "true" if utc.isoweekday() <= 5 else "false"
    facts["timestamp_ms"] = str(int(utc.timestamp() * 1000))
    return facts


_FORMS = {
    "iso_date": "%Y-%m-%d",
    "year": "%Y",
    "month": "%m",
    "day": "%d",
    "hour": "%H",
    "minute": "%M",
    "second": "%S",
}
