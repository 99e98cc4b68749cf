"""A record gets a new version where a day's close differs from the close before."""

from collections.abc import Iterable
from datetime import datetime

import pytest

from sales_lakehouse.simulate.versions import Sighting, Version, versions_at_close

Day = list[tuple[str, str]]


def at(text: str) -> datetime:
    """Read a time like `4 10:00`: day of the month, hour, minute."""
    return datetime.strptime(f"2011-01-{text}", "%Y-%m-%d %H:%M")


def close(*days: Day) -> Version[str]:
    """Give the version of one record that takes over whatever it is seen with."""
    sightings: Iterable[list[Sighting[str]]] = ([Sighting("x", at(time), fact) for time, fact in day] for day in days)
    return versions_at_close(sightings, lambda _, fact: fact)["x"]


CASES: dict[str, tuple[list[Day], Version[str]]] = {
    "first day": ([[("4 10:00", "a"), ("4 11:00", "a")]], Version("a", at("4 10:00"))),
    "changed within the first day": ([[("4 10:00", "a"), ("4 11:00", "b")]], Version("b", at("4 11:00"))),
    "changed later": ([[("4 10:00", "a")], [("5 10:00", "b"), ("5 11:00", "b")]], Version("b", at("5 10:00"))),
    "there and back within a day": (
        [[("4 10:00", "a")], [("5 10:00", "b"), ("5 11:00", "a")]],
        Version("a", at("4 10:00")),
    ),
    "there and back in two days": (
        [[("4 10:00", "a")], [("5 10:00", "b")], [("6 10:00", "a")]],
        Version("a", at("6 10:00")),
    ),
    "not seen": ([[("4 10:00", "a")], []], Version("a", at("4 10:00"))),
    "not in order": ([[("4 11:00", "b"), ("4 10:00", "a")]], Version("b", at("4 11:00"))),
    "twice in a minute": ([[("4 10:00", "b"), ("4 10:00", "a")]], Version("a", at("4 10:00"))),
}


@pytest.mark.parametrize("case", CASES)
def test_the_version_at_the_close(case: str) -> None:
    days, expected = CASES[case]
    assert close(*days) == expected


def test_what_was_known_is_learnt_on() -> None:
    days = [[Sighting("x", at("4 10:00"), 1), Sighting("y", at("4 11:00"), 5)], [Sighting("x", at("5 10:00"), 2)]]
    current = versions_at_close(days, lambda known, fact: (known or 0) + fact)
    assert current == {"x": Version(3, at("5 10:00")), "y": Version(5, at("4 11:00"))}
