"""Find the records of a JSON document without building them: where the list is, where its items begin and end."""

from __future__ import annotations

import json
import re

from sales_lakehouse.scan.broken import Refusal
from sales_lakehouse.scan.contract import did_you_mean, listed
from sales_lakehouse.scan.json_text import skip_value

BLANKS = " \t\r\n"
_RUN_OF_BLANKS = re.compile(f"[{BLANKS}]*+")
_RAW_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)


def find_list(text: str, path: list[str]) -> int:
    """Return where the list at the end of a path begins.

    Raises: Refusal when there is none.
    """
    at = _skip_blanks(text, 0)
    for key in path:
        at = _find_member(text, at, key)
    if text[at : at + 1] != "[":
        raise Refusal(f"expected '[' at character {at}, got {text[at : at + 1] or 'the end'!r}")
    return at


def _find_member(text: str, at: int, key: str) -> int:
    """Return where the value of a key begins in the object that begins here."""
    mark, at = _expect(text, at, "{")
    seen: list[str] = []
    while mark != "}":
        at = _skip_blanks(text, at)
        if text[at : at + 1] == "}":
            break
        name, at = _value(text, at)
        seen.append(str(name))
        _, at = _expect(text, at, ":")
        at = _skip_blanks(text, at)
        if name == key:
            return at
        _, at = _value(text, at)
        mark, at = _expect(text, at, ",}")
    raise Refusal(f"there is no key {key!r} among {listed(seen) or 'none'}{did_you_mean([key], seen)}")


def find_items(text: str, at: int) -> tuple[list[tuple[int, int]], int]:
    """Return the spans of a list's items and where the list ends; a broken item ends where its structure does.

    Raises: Refusal when the list does not hold together.
    """
    spans: list[tuple[int, int]] = []
    at = _skip_blanks(text, at + 1)
    if text[at : at + 1] == "]":
        return spans, at + 1
    mark = ","
    while mark == ",":
        at = _skip_blanks(text, at)
        start = at
        try:
            _, at = _RAW_DECODER.raw_decode(text, start)
            mark, after = _expect(text, at, ",]")
        except (ValueError, RecursionError, Refusal):
            at = skip_value(text, start)
            if at == start:
                raise Refusal(f"nothing stands where a record should, at character {at}") from None
            mark, after = _expect(text, at, ",]")
            at = start + len(text[start:at].rstrip(BLANKS))
        spans.append((start, at))
        at = after
    return spans, at


def _value(text: str, at: int) -> tuple[object, int]:
    try:
        return _RAW_DECODER.raw_decode(text, at)
    except ValueError as cause:
        raise Refusal(str(cause)) from cause


def _expect(text: str, at: int, marks: str) -> tuple[str, int]:
    at = _skip_blanks(text, at)
    found = text[at : at + 1]
    if not found or found not in marks:
        raise Refusal(f"expected one of {marks!r} at character {at}, got {found or 'the end'!r}")
    return found, at + 1


def _skip_blanks(text: str, at: int) -> int:
    found = _RUN_OF_BLANKS.match(text, at)
    return found.end() if found else at
