"""How counts and places are said, the same everywhere: `1 record`, `2 deliveries`, `bytes 12-57`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_NAMES = 12
_DATES = 5
_VERBS = {"are": "is", "were": "was", "have": "has", "do": "does"}


def counted(count: int, noun: str, verb: str = "") -> str:
    """Return a count with its noun, and with the verb that follows: `1 record stands`, `2,000 records stand`.

    `noun` is given for one, `verb` for several.
    """
    one = count == 1
    words = [f"{count:,}", noun if one else _with_s(noun)]
    if verb:
        words.append(_VERBS.get(verb, _with_s(verb)) if one else verb)
    return " ".join(words)


def few(days: Sequence[str]) -> str:
    """Return dates for a sentence: the first of them, and how many there are beside."""
    listed = sorted(days)
    more = f" and {counted(len(listed) - _DATES, 'other date')}" if len(listed) > _DATES else ""
    return ", ".join(listed[:_DATES]) + more


def byte_span(start: int, length: int) -> str:
    """Return `bytes 12-57`: the first byte of a unit is 0, the first and the last that are named belong to it."""
    if length <= 1:
        return f"byte {start}" if length else f"no byte, before byte {start}"
    return f"bytes {start}-{start + length - 1}"


SPAN_RULE = "Bytes are counted from 0, in the unpacked delivery; the first and the last that are named belong to it."
"""What a reader of spans must know; commands that show some say it in their help."""


def _with_s(word: str) -> str:
    """Return the plural of a noun, or the singular of a verb: both end alike."""
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"


def encoding_name(codec: str) -> str:
    """Return the name by which an encoding is declared in source files: windows-1252, where Python says cp1252."""
    return f"windows-{codec[2:]}" if codec.startswith("cp125") else codec.replace("iso8859", "iso-8859")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` for the nearest known word, else `; there are …`, bounded; nothing where none is."""
    names = sorted(set(known))
    if near := get_close_matches(word, names, n=1, cutoff=0.6):
        return f"; did you mean {near[0]}?"
    more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    return f"; there are {', '.join(names[:_NAMES])}{more}" if names else ""


def disposition_in_words(disposition: str, records: int, lines: int) -> str:
    """Say how many records a disposition has; rows that went or changed belong to records of older units."""
    if disposition in ("deleted", "replaced"):
        return counted(lines, f"{disposition} row")
    return f"{records:,} {disposition}"
