"""Read a Quartz cron expression, and tell when it next fires.

Meaning and limits are those of Quartz 2.5, as that answers for `tests/unit/bundle_runner/quartz.tsv`. It counts in wall
time: a time that the clock leaves out does not fire, and of an hour that comes twice only the second one does. One
mistake of Quartz is not repeated: a day that `W` moves fires as often as its times say, there often only once.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bundle_runner.errors import ScheduleProblem

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)?(?:/(\d+))?")
_DAY = re.compile(r"(?:L(?:-(\d+))?|(\d+)(?=W))(W)?")
_WEEKDAY = re.compile(r"(\w+)(?:L|#(\d+))")
_OFFSET = re.compile(r"(?:GMT|UTC)(?:([+-])(\d{1,2})(?::?(\d\d))?)?")

DaysOf = Callable[[int, int], set[int]]
"""Give the days of a year's month."""


@dataclass(frozen=True)
class Field:
    """One place of an expression: what it is called, what it may hold, and names for that."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


SECONDS, MINUTES, HOURS = Field("seconds", 0, 59), Field("minutes", 0, 59), Field("hours", 0, 23)
DAY, MONTH = Field("day of month", 1, 31), Field("month", 1, 12, MONTHS)
WEEKDAY, YEAR = Field("day of week", 1, 7, DAYS), Field("year", 1970, 2099)


@dataclass(frozen=True)
class Cron:
    """An expression that was read."""

    text: str
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    days_of: DaysOf

    def after(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """Return when it fires next after a moment, in UTC; None when never again."""
        wall = moment.astimezone(zone).replace(tzinfo=None)
        while (found := self.next_wall(wall)) is not None:
            told = found.replace(tzinfo=zone, fold=1)
            if told.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == found:
                return told.astimezone(UTC)
            wall = found
        return None

    def next_wall(self, wall: datetime) -> datetime | None:
        """Return the next time after one, both as a clock on the wall shows them."""
        start = wall.replace(microsecond=0) + timedelta(seconds=1)
        for day in self._dates(start.date()):
            found = self._time(start.time() if day == start.date() else time.min)
            if found:
                return datetime.combine(day, found)
        return None

    def _dates(self, first: date) -> Iterator[date]:
        for year in (year for year in self.years if year >= first.year):
            for month in self.months:
                if (year, month) >= (first.year, first.month):
                    days = (date(year, month, day) for day in sorted(self.days_of(year, month)))
                    yield from (day for day in days if day >= first)

    def _time(self, first: time) -> time | None:
        for hour in (hour for hour in self.hours if hour >= first.hour):
            for minute in self.minutes:
                for second in self.seconds if (hour, minute) >= (first.hour, first.minute) else ():
                    if (hour, minute, second) >= (first.hour, first.minute, first.second):
                        return time(hour, minute, second)
        return None


def read_cron(text: str) -> Cron:
    """Read an expression.

    Raises: ScheduleProblem for what is not Quartz's.
    """
    fields = text.upper().split()
    if len(fields) == 5:
        raise ScheduleProblem(
            f'Unix cron has five fields, Quartz six, seconds first: "0 {" ".join(_with_question(fields))}"'
        )
    if len(fields) not in (6, 7):
        raise ScheduleProblem(f"expected six or seven fields, got {len(fields)}")
    if [fields[3], fields[5]].count("?") != 1:
        raise ScheduleProblem("exactly one of day of month (the 4th field) and day of week (the 6th) must be ?")
    seconds, minutes, hours, day, month, weekday = fields[:6]
    return Cron(
        text,
        _numbers(SECONDS, seconds),
        _numbers(MINUTES, minutes),
        _numbers(HOURS, hours),
        _numbers(MONTH, month),
        _numbers(YEAR, fields[6] if fields[6:] else "*"),
        _weekdays(weekday) if day == "?" else _days(day),
    )


def problem(text: str) -> str | None:
    """Return what is wrong with an expression, None when nothing is."""
    try:
        read_cron(text)
    except ScheduleProblem as error:
        return str(error)
    return None


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its name, or by its distance from GMT.

    Raises: ScheduleProblem when there is none.
    """
    match = _OFFSET.fullmatch(name)
    if match:
        distance = timedelta(hours=int(match[2] or 0), minutes=int(match[3] or 0))
        return timezone(-distance if match[1] == "-" else distance)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleProblem(f"there is no time zone {name!r}; say it as in Europe/London") from None


def _with_question(fields: list[str]) -> list[str]:
    place = 4 if fields[4] == "*" else 2
    return [*fields[:place], "?", *fields[place + 1 :]]


def _numbers(field: Field, text: str) -> tuple[int, ...]:
    return tuple(sorted({number for part in text.split(",") for number in _span(field, part)}))


def _span(field: Field, part: str) -> Iterator[int]:
    match = _PART.fullmatch(part)
    if not match or not part:
        raise ScheduleProblem(f"{field.name} cannot be {part!r}")
    first, last, step = match.groups()
    _check_step(field, part, step, first)
    low = _number(field, first) if first else field.low
    high = _number(field, last) if last else low if first and not int(step or 0) else field.high
    if high < low:
        if field is YEAR:
            raise ScheduleProblem(f"{field.name} cannot go back: {part}")
        high += field.high - field.low + 1  # as 22-2 goes over midnight
    for number in range(low, high + 1, max(int(step or 1), 1)):
        yield (number - field.low) % (field.high - field.low + 1) + field.low


def _check_step(field: Field, part: str, step: str | None, first: str | None) -> None:
    if step is None:
        return
    if first and not first.isdigit():
        raise ScheduleProblem(f"{field.name} cannot be {part!r}: Quartz ignores a step after a name; use numbers")
    most = field.high if field.low else field.high + 1
    if int(step) >= most and field is not YEAR:
        raise ScheduleProblem(f"{field.name} cannot be {part!r}: a step must be less than {most}")


def _number(field: Field, word: str) -> int:
    if word in field.names:
        return field.names.index(word) + 1
    if not word.isdigit() or not field.low <= int(word) <= field.high:
        raise ScheduleProblem(f"{field.name} must be {field.low} to {field.high}, got {word}")
    return int(word)


def _days(text: str) -> DaysOf:
    rules = [_day_rule(part) for part in text.split(",")]
    return lambda year, month: set().union(*(rule(year, month) for rule in rules))


def _day_rule(part: str) -> DaysOf:
    match = _DAY.fullmatch(part)
    if not match:
        return partial(_plain_days, frozenset(_span(DAY, part)))
    before, number, working = match.groups()
    if number:
        return partial(_nearest_weekday, _number(DAY, number))
    if int(before or 0) > 30:
        raise ScheduleProblem(f"{DAY.name} cannot be {part!r}: at most 30 days before the last")
    return partial(_counted_back, int(before or 0), bool(working))


def _plain_days(days: frozenset[int], year: int, month: int) -> set[int]:
    return {day for day in days if day <= monthrange(year, month)[1]}


def _counted_back(before: int, working: bool, year: int, month: int) -> set[int]:
    day = monthrange(year, month)[1] - before
    if day < 1:
        return set()
    return _nearest_weekday(day, year, month) if working else {day}


def _nearest_weekday(day: int, year: int, month: int) -> set[int]:
    """Return the working day nearest to a day, in the same month; none where the month is too short."""
    last = monthrange(year, month)[1]
    if day > last:
        return set()
    weekday = date(year, month, day).isoweekday()
    if weekday == 6:
        return {day - 1 if day > 1 else day + 2}
    if weekday == 7:
        return {day + 1 if day < last else day - 2}
    return {day}


def _weekdays(text: str) -> DaysOf:
    match = _WEEKDAY.fullmatch(text)
    if match:
        which = int(match[2]) if match[2] else 0
        if match[2] and not 1 <= which <= 5:
            raise ScheduleProblem(f"{WEEKDAY.name} cannot be {text!r}: # takes 1 to 5")
        return partial(_one_weekday, _number(WEEKDAY, match[1]), which)
    if any("#" in part or re.fullmatch(r"\w*L", part) for part in text.split(",")) and "," in text:
        raise ScheduleProblem(f"{WEEKDAY.name} cannot be {text!r}: L and # stand alone")
    numbers = frozenset(_numbers(WEEKDAY, "7" if text == "L" else text))
    return lambda year, month: {day for number in numbers for day in _all_of(number, year, month)}


def _all_of(weekday: int, year: int, month: int) -> list[int]:
    start, length = monthrange(year, month)
    first = 1 + (weekday - 2 - start) % 7  # Python counts from Monday 0, Quartz from Sunday 1
    return list(range(first, length + 1, 7))


def _one_weekday(weekday: int, which: int, year: int, month: int) -> set[int]:
    days = _all_of(weekday, year, month)
    return set(days[which - 1 : which] if which else days[-1:])
