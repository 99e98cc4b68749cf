"""Quartz cron expressions, held against what Quartz itself answers.

`quartz.tsv` holds what `CronExpression.getTimeAfter` of Quartz 2.5.2 gave, called again and again: its documented
examples, the clock changes of five zones, and rolled expressions.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_runner.errors import ScheduleProblem
from bundle_runner.schedule.quartz import DAYS, MONTHS, Cron, problem, read_cron, zone_named

RECORDED = Path(__file__).with_name("quartz.tsv")
ROWS = list(csv.DictReader(RECORDED.open(newline=""), delimiter="\t"))


def fires(cron: Cron, after: datetime, zone: str, count: int) -> list[datetime]:
    found: list[datetime] = []
    while len(found) < count:
        moment = cron.after(found[-1] if found else after, zone_named(zone))
        if moment is None:
            break
        found.append(moment)
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['expression']} from {row['after']} in {row['zone']}")
def test_an_expression_fires_when_quartz_fires_it(row: dict[str, str]) -> None:
    if row["fires"] == "refused":
        assert problem(row["expression"])
        return
    found = fires(read_cron(row["expression"]), datetime.fromisoformat(row["after"]), row["zone"], int(row["count"]))
    assert " ".join(f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in found) == row["fires"]


def test_what_quartz_answered_is_a_good_part_of_its_language() -> None:
    said = " ".join(row["expression"] for row in ROWS)
    assert len(ROWS) > 200
    assert all(sign in said for sign in ("LW", "L-", "15W", "#", "FRIL", "NOV-FEB", "22-2", "2025/3"))


REFUSED = {
    "0 30 5 * *": r'five fields, Quartz six, seconds first: "0 0 30 5 \* \?"',
    "0 0 12 ? * MON#1,WED": "day of week cannot be 'MON#1,WED': L and # stand alone",
    "0 0 12 ? * MON-FRI/2": "'MON-FRI/2': Quartz ignores a step after a name; use numbers",
    "0 0 12 1-5W * ?": "day of month must be 1 to 31, got 5W",
    "0 0 12 ? * MONDAY": "day of week must be 1 to 7, got MONDAY",
    "0 0 12 L-31 * ?": "at most 30 days before the last",
    "0 0,,5 12 * * ?": "minutes cannot be ''",
    "0 0 12 * * ? 2027-2025": "year cannot go back: 2027-2025",
    "0 0/60 * * * ?": "minutes cannot be '0/60': a step must be less than 60",
}


@pytest.mark.parametrize(("text", "why"), REFUSED.items(), ids=REFUSED)
def test_what_is_not_quartz_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(ScheduleProblem, match=why):
        read_cron(text)


def test_a_day_that_is_moved_fires_as_often_as_its_times_say() -> None:
    found = fires(read_cron("0 0 8,20 1W 6 ?"), datetime(2024, 1, 1, tzinfo=UTC), "UTC", 2)
    assert [f"{moment:%m-%d %H}" for moment in found] == ["06-03 08", "06-03 20"]


def _field(low: int, high: int, *more: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    number = st.integers(low, high).map(str)
    step = st.integers(1, max(1, (high - low) // 2)).map(str)
    part = st.one_of(number, st.builds("{}-{}".format, number, number), st.builds("{}/{}".format, number, step), *more)
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


DAY = st.builds("{} {} ?".format, _field(1, 31, st.sampled_from(["L", "LW", "L-2", "15W"])), _field(1, 12))
WEEKDAY = st.builds("? {} {}".format, _field(1, 12, st.sampled_from(MONTHS)), _field(1, 7, st.sampled_from(DAYS)))
EXPRESSION = st.builds("{} {} {} {}".format, st.just("0"), _field(0, 59), _field(0, 23), st.one_of(DAY, WEEKDAY))
MOMENT = st.datetimes(datetime(2023, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


@given(EXPRESSION, MOMENT)
def test_the_next_time_is_the_first_minute_that_fits(text: str, start: datetime) -> None:
    cron = read_cron(text)
    found = cron.next_wall(start)
    fits = (
        minute
        for minute in (start.replace(second=0) + timedelta(minutes=1 + n) for n in range(2 * 24 * 60))
        if minute.month in cron.months
        and minute.day in cron.days_of(minute.year, minute.month)
        and (minute.hour in cron.hours and minute.minute in cron.minutes)
    )
    first = next(fits, None)
    assert found == first if first else found is None or found > start + timedelta(days=1)


@given(EXPRESSION, MOMENT, st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "GMT+05:30"]))
def test_times_go_forward_and_show_on_the_wall(text: str, start: datetime, zone: str) -> None:
    cron, moment = read_cron(text), start.replace(tzinfo=UTC)
    for found in fires(cron, moment, zone, 4):
        assert found > moment
        shown = found.astimezone(zone_named(zone))
        assert (shown.second, shown.minute in cron.minutes, shown.hour in cron.hours) == (0, True, True)
        moment = found


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ScheduleProblem, match="there is no time zone 'Europe/Londn'; say it as in Europe/London"):
        zone_named("Europe/Londn")
