"""Look at located values that may be of any shape: what is wrong with their shape, fields.py says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bundle_runner.bundle.located import Map, Seq, Where
from bundle_runner.model.base import text_of

VARIABLE = re.compile(r"\$\{[^}]*\}")


def opaque(value: Any) -> bool:
    """Tell whether a value holds a `${...}` that only a workspace can resolve."""
    return isinstance(value, str) and "${" in value


def a_map(value: Any) -> Map:
    """Return a mapping, an empty one for anything else."""
    return value if isinstance(value, Map) else Map()


def items(value: Any) -> Iterator[tuple[Map, Where]]:
    """Yield the mappings of a list with their places."""
    if isinstance(value, Seq):
        for item, where in zip(value, value.where, strict=True):
            if isinstance(item, Map):
                yield item, where


def members(value: Any) -> Iterator[tuple[str, Any, Where]]:
    """Yield name, value and place of what a mapping holds."""
    for name, item in a_map(value).items():
        yield name, item, value.where[name]


def words(value: Any, where: Where) -> Iterator[tuple[str, Where]]:
    """Yield every text below a value with its place."""
    if isinstance(value, Map):
        for _, item, place in members(value):
            yield from words(item, place)
    elif isinstance(value, Seq):
        for item, place in zip(value, value.where, strict=True):
            yield from words(item, place)
    elif isinstance(value, str):
        yield value, where


def a_text(value: Any) -> str | None:
    """Return a scalar as text, None for anything that is no plain text or not known here."""
    text = text_of(value)
    return text if isinstance(text, str) and not opaque(text) else None


def texts_of(value: Any, name: str) -> list[str]:
    """Return the known texts that the mappings of a list have under a name."""
    return [text for item, _ in items(value) if (text := a_text(item.get(name))) is not None]
