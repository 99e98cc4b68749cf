"""Judge a Quartz cron expression."""

from __future__ import annotations

import re

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIELDS = ("seconds", "minutes", "hours", "day of month", "month", "day of week", "year")
BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2099))
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?")


def problem(expression: str) -> str | None:
    """Return what is wrong with an expression, None when nothing is."""
    fields = expression.upper().split()
    if len(fields) == 5:
        return f'Unix cron has five fields, Quartz six, seconds first: "0 {" ".join(_with_question(fields))}"'
    if len(fields) not in (6, 7):
        return f"expected six or seven fields, got {len(fields)}"
    if [fields[3], fields[5]].count("?") != 1:
        return "exactly one of day of month (the 4th field) and day of week (the 6th) must be ?"
    for place, field in enumerate(fields):
        said = None if field == "?" and place in (3, 5) else _field_problem(place, field)
        if said:
            return said
    return None


def _with_question(fields: list[str]) -> list[str]:
    place = 4 if fields[4] == "*" else 2
    return [*fields[:place], "?", *fields[place + 1 :]]


def _field_problem(place: int, field: str) -> str | None:
    for part in field.split(","):
        if (place == 3 and re.fullmatch(r"L|LW|L-\d+|\d+W", part)) or (
            place == 5 and re.fullmatch(r"L|\w+L|\w+#[1-5]", part)
        ):
            continue
        match = _PART.fullmatch(part)
        if not match:
            return f"{FIELDS[place]} cannot be {part!r}"
        for word in (match[1], match[2]):
            if word is not None and not _within(place, word):
                low, high = BOUNDS[place]
                return f"{FIELDS[place]} must be {low} to {high}, got {word}"
    return None


def _within(place: int, word: str) -> bool:
    names = MONTHS if place == 4 else DAYS if place == 5 else ()
    low, high = BOUNDS[place]
    return word in names or (word.isdigit() and low <= int(word) <= high)
