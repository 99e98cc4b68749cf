"""Say a Quartz expression in the cron of Airflow, as far as it can be said."""

from __future__ import annotations

import re
from dataclasses import dataclass

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Fields of Airflow: minute, hour, day of month, month, day of week; Quartz counts the days from 1, cron from 0.
HIGHEST = (59, 23, 31, 12, 6)
WEEK = 4
FROM_ONE = (2, 3)
_PART = re.compile(r"(\w+)(?:-(\w+))?(?:/(\d+))?|\*(?:/(\d+))?")


@dataclass(frozen=True)
class Cron:
    """An expression of five fields, None where there is none, and what got lost on the way."""

    expression: str | None
    lost: tuple[str, ...] = ()


def to_cron(quartz: str) -> Cron:
    """Translate; what cron cannot say is told, and where the rest would be wrong there is no expression."""
    fields = quartz.upper().split()
    if len(fields) not in (6, 7):
        return Cron(None, (f"{quartz} has {len(fields)} fields, Quartz has six or seven",))
    lost = [_second(fields[0])] if fields[0] != "0" else []
    if fields[6:] not in ([], ["*"]):
        return Cron(None, (f"cron knows no year, and {quartz} names {fields[6]}",))
    if "W" in re.sub("WED", "", fields[3]):
        return Cron(None, (f"cron knows no nearest weekday, and {quartz} says {fields[3]}",))
    if re.fullmatch(r"L-\d+", fields[3]):
        return Cron(None, (f"cron counts no days from the end of a month, and {quartz} says {fields[3]}",))
    return Cron(" ".join(_field(place, text) for place, text in enumerate(fields[1:6])), tuple(lost))


def _second(field: str) -> str:
    if field.isdigit():
        return f"starts at second 0 instead of {field}: cron has no seconds"
    return f"starts once a minute, not by seconds {field}: cron has no seconds"


def _field(place: int, text: str) -> str:
    if text in ("?", "*"):
        return "*"
    return ",".join(_part(place, part) for part in text.split(","))


def _part(place: int, text: str) -> str:
    if place == WEEK and (special := re.fullmatch(r"(\w+?)(L|#\d)", text)):
        day = _number(place, special[1])
        return f"L{day}" if special[2] == "L" else f"{day}{special[2]}"
    if text == "L":
        return "6" if place == WEEK else "L"
    match = _PART.fullmatch(text)
    if match is None:
        return text
    if match[1] is None:
        return f"*/{match[4]}" if match[4] else "*"
    return _range(place, match[1], match[2], match[3])


def _range(place: int, first: str, last: str | None, step: str | None) -> str:
    low = _number(place, first)
    if last is None:
        return f"{low}-{HIGHEST[place]}/{step}" if step else str(low)
    high = _number(place, last)
    if high < low:  # Quartz lets a range go over the end: FRI-MON
        base = 1 if place in FROM_ONE else 0
        size = HIGHEST[place] - base + 1
        found = {(number - base) % size + base for number in range(low, high + size + 1, int(step or 1))}
        return ",".join(map(str, sorted(found)))
    return f"{low}-{high}{f'/{step}' if step else ''}"


def _number(place: int, word: str) -> int:
    if place == WEEK:
        return DAYS.index(word) if word in DAYS else int(word) - 1
    return MONTHS.index(word) + 1 if word in MONTHS else int(word)
