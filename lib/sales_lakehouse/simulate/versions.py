"""Keep records that change while the shop trades: what each says at the close of a day.

Through the day every sighting of a record (an invoice of a customer, a line with a product) may change
what is known of it. At the close a record gets a new version only where it differs from the close before:
a price that went up and came back within one day changed nothing. `since` is the sighting that made the
record what it was at the close, so the versions of a day are later than all versions of the days before.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

Fact = TypeVar("Fact")
State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Sighting(Generic[Fact]):
    """Hold where a record was met: its id, the local time, and what was seen there."""

    record_id: str
    seen_at: datetime
    fact: Fact


@dataclass(frozen=True, slots=True)
class Version(Generic[State]):
    """Hold what a record says, and since when it says so (local time)."""

    state: State
    since: datetime


Learn: TypeAlias = Callable[[State | None, Fact], State]


def versions_at_close(
    days: Iterable[Iterable[Sighting[Fact]]], learn: Learn[State, Fact]
) -> Mapping[str, Version[State]]:
    """Give each record's current version at the close of the last day.

    `learn` tells what a record says after a sighting; it gets None for a record never met before.
    """
    closed: Mapping[str, Version[State]] = {}
    for sightings in days:
        closed = _keep_unchanged(closed, _live(closed, sightings, learn))
    return closed


def _live(
    closed: Mapping[str, Version[State]], sightings: Iterable[Sighting[Fact]], learn: Learn[State, Fact]
) -> Mapping[str, Version[State]]:
    known = dict(closed)
    # The sort is stable: within one minute the order of the raw file decides.
    for each in sorted(sightings, key=lambda sighting: sighting.seen_at):
        before = known.get(each.record_id)
        state = learn(before.state if before else None, each.fact)
        if before is None or state != before.state:
            known[each.record_id] = Version(state, each.seen_at)
    return known


def _keep_unchanged(
    before: Mapping[str, Version[State]], after: Mapping[str, Version[State]]
) -> Mapping[str, Version[State]]:
    same = {key: each for key, each in before.items() if each.state == after[key].state}
    return {**after, **same}
