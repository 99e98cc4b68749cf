"""Lay the values of variables into a bundle as far as they are known without a workspace."""

from __future__ import annotations

import re
from typing import Any

from bundle_runner.bundle.located import Map, Seq, Where, transform
from bundle_runner.lint.places import a_map, a_text, opaque

REFERENCE = re.compile(r"\$\{(?:var\.([\w-]+)|variables\.([\w-]+)\.value|(bundle\.(?:target|environment|name)))\}")
DEEPEST = 8


def substitute(tree: Map, chosen: Map, target: str) -> Map:
    """Return a copy with the variables of a target laid in; what is not known stays a `${...}`."""
    known = _known(a_map(tree.get("variables")), chosen)
    facts = {"bundle.target": target, "bundle.environment": target}
    name = a_text(a_map(tree.get("bundle")).get("name"))
    facts |= {"bundle.name": name} if name else {}
    result = Map()
    for key, value in tree.items():
        laid = value if key in ("variables", "targets") else transform(value, _Leaf(known, facts), tree.where[key])
        result.put(key, laid, tree.where[key])
    return result


def _known(declared: Map, chosen: Map) -> dict[str, Any]:
    values = {name: body["default"] for name, body in declared.items() if isinstance(body, Map) and "default" in body}
    for name, value in chosen.items():
        is_definition = isinstance(value, Map) and "default" in value
        values[name] = value["default"] if is_definition else value
        if isinstance(value, Map) and "lookup" in value:
            del values[name]
    return values


class _Leaf:
    """Replace references in one scalar; a circle of references ends after a few rounds."""

    def __init__(self, variables: dict[str, Any], facts: dict[str, str], depth: int = 0) -> None:
        self._variables, self._facts, self._depth = variables, facts, depth

    def __call__(self, value: Any, where: Where | None) -> Any:
        if not opaque(value) or self._depth > DEEPEST:
            return value
        inner = _Leaf(self._variables, self._facts, self._depth + 1)
        whole = REFERENCE.fullmatch(value)
        if whole:
            found = self._value(whole)
            return value if found is None else transform(found, inner, where)
        text = REFERENCE.sub(self._text, value)
        return text if text == value else inner(text, where)

    def _value(self, match: re.Match[str]) -> Any:
        return self._facts.get(match[3]) if match[3] else self._variables.get(match[1] or match[2])

    def _text(self, match: re.Match[str]) -> str:
        value = self._value(match)
        return match[0] if value is None or isinstance(value, Map | Seq) else str(a_text(value) or value)
