"""Lines of YAML with a comment behind each value."""

from __future__ import annotations

import json
import re
from typing import Any

from sales_lakehouse.drafting.guess import Guess

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_/ -]*[A-Za-z0-9_]|[A-Za-z_]")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def line(name: str, guess: Guess, depth: int = 0) -> str:
    """Return `name: value  # guess: why`, or `# fill in: why` where only a person can know."""
    word = "fill in" if guess.open else "guess"
    return f"{'  ' * depth}{name}: {flow(guess.value)}  # {word}: {comment(guess.because)}"


def comment(text: str) -> str:
    """Return a text in one line: names of columns may hold line breaks, and a comment ends with its line."""
    return " ".join(text.split())


def flow(value: Any) -> str:
    """Return a value as YAML in one line; text is quoted unless it can only be read as text."""
    if isinstance(value, str):
        bare = _BARE.fullmatch(value) and value.lower() not in _WORDS
        return value if bare else json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {flow(inside)}' for name, inside in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return json.dumps(value)
