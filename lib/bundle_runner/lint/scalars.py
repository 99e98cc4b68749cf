"""Read plain scalars as the Databricks CLI does, which is not what Python's YAML makes of them.

Source: the rules of Go's yaml.v3: no base 60, no `yes` and `no`, octal as 0o17 and 017, 08 and 1e3 as floats.
"""

from __future__ import annotations

import re

import yaml

_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"\A([-+]?)0([0-7]+)\Z")


def whole_number(node: yaml.ScalarNode) -> int | None:
    """Return the whole number that the CLI reads, also out of a quoted text."""
    plain = _OCTAL.sub(r"\g<1>0o\2", node.value.replace("_", "")) if _is_plain(node) else node.value
    try:
        return int(plain, 0 if _is_plain(node) else 10)
    except ValueError:
        return None


def number(node: yaml.ScalarNode) -> float | None:
    """Return the number that the CLI reads."""
    whole = whole_number(node)
    if whole is not None:
        return whole
    plain = node.value.replace("_", "")
    return float(plain) if _FLOAT.fullmatch(plain) else None


def sent(node: yaml.ScalarNode) -> str:
    """Return the text that arrives where a text is wanted; only plain numbers and truth values change."""
    text = str(node.value)
    if not _is_plain(node):
        return text
    if text in ("True", "TRUE", "False", "FALSE"):
        return text.lower()
    found = number(node)
    return text if found is None else f"{found:.15g}" if isinstance(found, float) else str(found)


def _is_plain(node: yaml.ScalarNode) -> bool:
    return node.style is None
