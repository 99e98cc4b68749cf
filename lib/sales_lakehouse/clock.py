"""Spark's datetime patterns in plain Python: the letters that sources use, each read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TWO_DIGITS, _NO_LEADING_ZERO = "[0-9]{2}", "(?:0|[1-9][0-9]?)"
_LETTERS = {
    "yyyy": ("year", "[0-9]{4}"),
    "yy": ("short_year", _TWO_DIGITS),
    "MMM": ("month_name", "|".join(MONTHS)),
    "MM": ("month", _TWO_DIGITS),
    "M": ("month", _NO_LEADING_ZERO),
    "dd": ("day", _TWO_DIGITS),
    "d": ("day", _NO_LEADING_ZERO),
    "HH": ("hour", _TWO_DIGITS),
    "H": ("hour", _NO_LEADING_ZERO),
    "hh": ("half_day_hour", _TWO_DIGITS),
    "h": ("half_day_hour", _NO_LEADING_ZERO),
    "mm": ("minute", _TWO_DIGITS),
    "m": ("minute", _NO_LEADING_ZERO),
    "ss": ("second", _TWO_DIGITS),
    "s": ("second", _NO_LEADING_ZERO),
    "a": ("half_day", "AM|PM"),
    **{"S" * digits: ("fraction", f"[0-9]{{{digits}}}") for digits in range(1, 10)},
}
_TOKEN = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<sign>[^A-Za-z'\[\]{}#])")
_NEEDED = ({"year", "short_year"}, {"month", "month_name"}, {"day"})


@dataclass(frozen=True)
class _Token:
    name: str
    expression: str
    fixed: bool = True


def knows(time_format: str) -> bool:
    """Tell whether every letter of a pattern is known here, and they name a whole date."""
    return _compiled(time_format) is not None


def read(text: str, time_format: str) -> datetime | None:
    """Return what a text shows as wall clock; None unless it is spelled exactly as the pattern writes it.

    What the pattern does not name is zero.
    """
    pattern = _compiled(time_format)
    match = pattern.fullmatch(text) if pattern else None
    return _clock({name: value for name, value in match.groupdict().items() if value}) if match else None


@lru_cache(maxsize=256)
def _compiled(time_format: str) -> re.Pattern[str] | None:
    tokens = _tokens(time_format)
    names = [token.name for token in tokens if token.name]
    whole = all(needed & set(names) for needed in _NEEDED) and len(names) == len(set(names))
    halves = ("half_day_hour" in names) == ("half_day" in names)
    if not (tokens and whole and halves) or _touching(tokens):
        return None
    return re.compile("".join(f"(?P<{t.name}>{t.expression})" if t.name else t.expression for t in tokens))


def _tokens(time_format: str) -> list[_Token]:
    """Cut a pattern into its letters and signs; none when something of it is not known here."""
    tokens, position = [], 0
    while position < len(time_format):
        found = _TOKEN.match(time_format, position)
        if found is None or (found["letters"] and found["letters"] not in _LETTERS):
            return []
        tokens.append(_token(found))
        position = found.end()
    return tokens


def _token(found: re.Match[str]) -> _Token:
    if found["letters"]:
        name, expression = _LETTERS[found["letters"]]
        return _Token(name, expression, expression != _NO_LEADING_ZERO)
    literal = found["sign"] or found["quoted"].replace("''", "'") or "'"
    return _Token("", re.escape(literal))


def _touching(tokens: list[_Token]) -> bool:
    """Tell whether a number of unknown length stands beside another: where one ends is then a guess."""
    return any(left.name and right.name and not (left.fixed and right.fixed) for left, right in pairwise(tokens))


def _clock(fields: dict[str, str]) -> datetime | None:
    month = MONTHS.index(fields["month_name"]) + 1 if "month_name" in fields else int(fields["month"])
    year = int(fields["year"]) if "year" in fields else 2000 + int(fields["short_year"])
    micros = fields.get("fraction", "0").ljust(9, "0")
    hour = _hour(fields)
    if hour is None or micros[6:] != "000":
        return None  # Spark keeps millionths of a second
    try:
        return datetime(  # noqa: DTZ001 a wall clock; its zone is the spelling's
            year,
            month,
            int(fields["day"]),
            hour,
            int(fields.get("minute", 0)),
            int(fields.get("second", 0)),
            int(micros[:6]),
        )
    except ValueError:
        return None


def _hour(fields: dict[str, str]) -> int | None:
    if "half_day" not in fields:
        return int(fields.get("hour", 0))
    hour = int(fields["half_day_hour"])
    return hour % 12 + 12 * (fields["half_day"] == "PM") if 1 <= hour <= 12 else None
