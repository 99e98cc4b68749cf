"""Read a JSON document so that what leads on cannot be told twice: fast in its lists, watchful around them."""

from __future__ import annotations

import json
from typing import Any

_FAST = json.JSONDecoder(parse_float=str)
_BLANKS = " \t\n\r"


class Doubled(dict[str, Any]):
    """An object that has a key twice: which value counts is anybody's guess."""


def read_envelope(text: str) -> Any:
    """Return what a document says; numbers with a point stay text.

    An object that has a key twice is a `Doubled`, also within other objects, but not within a list at the top: what is
    there are records, which nobody is led by.
    Raises: ValueError, RecursionError.
    """
    at = _after_blanks(text, 0)
    if text[at : at + 1] != "{":
        return _WATCHFUL.decode(text)
    pairs: list[tuple[str, Any]] = []
    at = _after_blanks(text, at + 1)
    while text[at : at + 1] != "}":
        key, value, at = _pair(text, at)
        pairs.append((key, value))
        at = _after_blanks(text, at)
        if text[at : at + 1] == ",":
            at = _after_blanks(text, at + 1)
            _expect(text, at, '"')
        else:
            _expect(text, at, "}")
    if (end := _after_blanks(text, at + 1)) != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return _object(pairs)


def _pair(text: str, at: int) -> tuple[str, Any, int]:
    _expect(text, at, '"')
    key, at = _FAST.raw_decode(text, at)
    at = _after_blanks(text, at)
    _expect(text, at, ":")
    at = _after_blanks(text, at + 1)
    decoder = _FAST if text[at : at + 1] == "[" else _WATCHFUL
    value, at = decoder.raw_decode(text, at)
    return key, value, at


def _after_blanks(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANKS:
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> None:
    if text[at : at + 1] != sign:
        raise json.JSONDecodeError(f"Expecting {sign!r}", text, at)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled(found)


_WATCHFUL = json.JSONDecoder(parse_float=str, object_pairs_hook=_object)
