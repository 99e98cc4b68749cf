"""JSON read strictly: scalars as they were written, no second meaning, a bound on the depth."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from sales_lakehouse.scan.broken import Refusal

DEPTH = 64
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_PLAIN = re.compile(r'[^"\[\]{},]*+')
_OPENING, _CLOSING = re.compile(r"[\[{]*+"), re.compile(r"[\]}]*+")
_STRING = re.compile(r'(?:"(?:[^"\\]|\\.)*+")?+', re.DOTALL)


def decode_object(text: str) -> dict[str, Any]:
    """Return an object, each scalar as the text it was written with; true and false are words, null is None.

    Raises: Refusal when it is no object, or can be read in more than one way.
    """
    if depth_of(text) > DEPTH:
        raise Refusal(f"nested deeper than {DEPTH} levels")
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as cause:
        raise Refusal(_in_words(text, cause)) from cause
    if not isinstance(value, dict):
        raise Refusal(f"expected an object, got {type(value).__name__}")
    if "\\u" in text:
        _check_characters(value)
    return {key: _stringly(item) for key, item in value.items()}


def as_text(value: Any) -> str | None:
    """Return a decoded value as a column's text: a list or an object is JSON with every scalar as text."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def depth_of(text: str) -> int:
    """Return how deep lists and objects are nested, brackets in strings left out."""
    if text.count("[") + text.count("{") <= DEPTH:
        return 0
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        deepest = max(deepest, depth)
    return deepest


def skip_value(text: str, at: int) -> int:
    """Return where a broken value ends: at the comma or bracket that closes what it stands in.

    Raises: Refusal when the text ends before.
    """
    depth = 0
    while at < len(text):
        at = _end_of(_PLAIN, text, at)
        if text[at : at + 1] == "," and not depth:
            return at
        opened = _end_of(_OPENING, text, at)
        closed = _end_of(_CLOSING, text, opened)
        depth += opened - at
        if closed - opened > depth:
            return opened + depth
        depth -= closed - opened
        at = _end_of(_STRING, text, closed)
        if text[at : at + 1] == '"':
            raise Refusal(f"a string that begins at character {at} is not closed")
        at += depth > 0 and text[at : at + 1] == ","
    raise Refusal("the text ends inside a value")


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _in_words(text: str, cause: Exception) -> str:
    at = getattr(cause, "pos", None)
    if at is not None and "\ufeff" in text[:1]:
        return "it begins with a byte order mark"
    return f"it is no JSON: {cause}" if at is not None else str(cause)


def _stringly(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [_stringly(item) for item in value]
    if isinstance(value, dict):
        return {key: _stringly(item) for key, item in value.items()}
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _check_characters(value: Any) -> None:
    """Refuse what an escape can write and no text can hold."""
    written = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in written and "\0" in _strings(value):
        raise Refusal("a NUL character inside a string")
    if any("\ud800" <= sign <= "\udfff" for sign in written):
        raise Refusal("half of a surrogate pair inside a string: it is no character")


def _strings(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(key + _strings(item) for key, item in value.items())
    if isinstance(value, list):
        return "".join(map(_strings, value))
    return value if isinstance(value, str) else ""


_DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys
)
