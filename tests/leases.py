"""Clocks that a test turns, and holders of other machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sales_lakehouse.lease.holder import Holder
from sales_lakehouse.lease.store import LeaseStore
from sales_lakehouse.lease.take import Clock

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def nothing() -> None:
    """Happen."""


@dataclass
class Time:
    """A clock that stands still until somebody sleeps; `meanwhile` happens then."""

    now: datetime = NOON
    slept: list[float] = field(default_factory=list)
    meanwhile: Callable[[], None] = nothing

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.meanwhile()


def elsewhere(run_id: str, renewed: datetime) -> Holder:
    """Return a holder on another machine, of whose process nothing can be known."""
    here = Holder.here(run_id, renewed)
    return replace(here, host="other-host", machine="other", pid=4711)


def put(store: LeaseStore, number: int, holder: Holder) -> None:
    """Leave an entry as its holder would have."""
    assert store.create(number, holder.written())
