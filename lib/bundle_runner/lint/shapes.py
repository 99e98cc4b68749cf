"""The fields that a bundle may have, read from fields.yml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

SCALARS = frozenset({"text", "int", "number", "bool", "any", "texts"})


@dataclass(frozen=True)
class Type:
    """What a field holds: a scalar, one of some words, a shape, or a list or mapping of a type."""

    name: str
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    items: Type | None = None
    members: Type | None = None


@dataclass(frozen=True)
class Shape:
    """The fields of one mapping; an open one has others that are not listed."""

    fields: dict[str, Type]
    required: tuple[str, ...]
    is_open: bool


@cache
def shapes() -> dict[str, Shape]:
    """Return all shapes by name."""
    text = (files(__package__) / "fields.yml").read_text(encoding="utf-8")
    return {name: _shape(fields) for name, fields in yaml.load(text, Loader=yaml.CSafeLoader).items()}


def _shape(fields: dict[str, Any]) -> Shape:
    return Shape(
        {name.rstrip("!"): _type(written) for name, written in fields.items() if name != "+"},
        tuple(name[:-1] for name in fields if name.endswith("!")),
        "+" in fields,
    )


def _type(written: Any) -> Type:
    if isinstance(written, list):
        return Type("list", items=_type(written[0]))
    if isinstance(written, dict):
        return Type("mapping", members=_type(next(iter(written))))
    if "|" in written:
        return Type("one of", choices=tuple(choice for choice in written.split("|") if choice))
    bounds = re.fullmatch(r"int (-?\d+)\.\.(\d*)", written)
    if bounds:
        return Type("int", least=int(bounds[1]), most=int(bounds[2]) if bounds[2] else None)
    return Type(written)
