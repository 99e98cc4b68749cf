"""Write Python as a formatter would leave it: literals, and calls on one line or with a line for each argument."""

from __future__ import annotations

import builtins
import keyword
import re
import textwrap
from collections.abc import Collection, Iterable

WIDTH = 120
BODY = 4
"""The blanks before a line in the body of a DAG."""


def literal(value: object) -> str:
    """Return a value as Python, texts in double quotes where that needs no more escapes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(one) for one in value) + "]"
    said = repr(value)
    return f'"{said[1:-1]}"' if isinstance(value, str) and said[0] == "'" and '"' not in said else said


def call(head: str, arguments: Iterable[str], indent: int = 0, tail: str = ")") -> str:
    """Return a call, or anything else in brackets: `head` ends with the opening one, `tail` begins with the other.

    `indent` counts the blanks that stand before it in the end; they are not written.
    """
    found = list(arguments)
    line = f"{head}{', '.join(found)}{tail}"
    if indent + len(line) <= WIDTH and "\n" not in line:
        return line
    inner = "".join(f"    {argument},\n" for argument in found)
    return f"{head}\n{inner}{tail}"


def several(found: list[str], tail: str) -> str:
    """Return one name, or a list of them, with what follows in the body of a DAG."""
    return f"{found[0]}{tail}" if len(found) == 1 else call("[", found, BODY, f"]{tail}")


def comment(text: str, first: str = "", rest: str = "") -> list[str]:
    """Return a text as lines of a docstring; nothing in it can end the docstring."""
    plain = " ".join(text.split()).replace("\\", "/").replace('"""', "'''")
    return textwrap.wrap(plain, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def names(keys: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Return a variable for each key, no two the same and none that has a meaning already."""
    found: dict[str, str] = {}
    used = {*taken, *dir(builtins)}
    for key in keys:
        name = re.sub(r"\W", "_", key)
        if name[0].isdigit() or name in used or keyword.iskeyword(name) or keyword.issoftkeyword(name):
            name = f"task_{name}"
        while name in used:
            name += "_"
        found[key] = name
        used.add(name)
    return found
