"""What is wrong with a value of the bundle, in words of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import ErrorDetails

from bundle_runner.errors import did_you_mean

_SHOWN = 60
_EXPECTED = {
    "bool": "true or false",
    "dict": "a mapping",
    "int": "a whole number",
    "list": "a list",
    "model": "a mapping",
    "string": "a text",
    "tuple": "a list",
}
_PATTERNS = {
    r"^[A-Za-z0-9_-]{1,100}$": "1 to 100 letters, digits, - and _",
    r"\.sql$": "a file whose name ends in .sql",
    "^(true|false)$": '"true" or "false"',
}


def wrong_value(finding: ErrorDetails) -> str:
    """Return what is to be said after the name of the field."""
    kind, context = finding["type"], finding.get("ctx") or {}
    if kind == "missing":
        return "is missing"
    if kind == "too_short":
        return "is empty; it needs at least one entry"
    if kind in ("literal_error", "enum"):
        choices = list(_choices(str(context["expected"])))
        return f"cannot be {_got(finding['input'])}{did_you_mean(str(finding['input']).upper(), choices)}"
    return f"must be {_expected(kind, context, finding['msg'])}, got {_got(finding['input'])}"


def _choices(expected: str) -> Iterator[str]:
    yield from re.findall(r"'([^']*)'", expected)


def _expected(kind: str, context: dict[str, Any], message: str) -> str:
    if kind == "greater_than_equal":
        return f"at least {context['ge']}"
    if kind == "less_than_equal":
        return f"at most {context['le']}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS[context["pattern"]]
    return _EXPECTED.get(kind.partition("_")[0]) or message


def _got(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else repr(str(value)[:_SHOWN])
