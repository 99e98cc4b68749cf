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

REFERENCE = re.compile(r"\{\{\s*((?:[A-Za-z0-9_-]+|`[^`]+`)(?:\.(?:[A-Za-z0-9_-]+|`[^`]+`))*)\s*\}\}")
_PART = re.compile(r"`([^`]+)`|([^.`]+)")
NAMESPACES = frozenset({"job", "task", "tasks", "input", "workspace", "backfill"})


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
    node: Any = facts
    for part in path:
        if not isinstance(node, Mapping) or part not in node:
            hint = did_you_mean(part, map(str, node)) if isinstance(node, Mapping) else ""
            if node is facts and part == "backfill":
                hint = "; only the runs of `lakehouse backfill` have it"
            raise ReferenceProblem(f"{match[0]} has no value: {part} is unknown{hint}")
        node = node[part]
    return node if isinstance(node, str) else json.dumps(node, ensure_ascii=False)


def _split(reference: str) -> tuple[str, ...]:
    return tuple(quoted or plain for quoted, plain in _PART.findall(reference))


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
