"""Take the lease, keep it, give it back: the newest entry holds, and the next is created by one writer only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sales_lakehouse.errors import LakehouseError, LeaseHeldError, StoreError
from sales_lakehouse.lease.holder import Holder
from sales_lakehouse.lease.store import LeaseStore
from sales_lakehouse.lease.stores import store_at


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """How time passes, and after how long a silent holder is taken for dead.

    Units: seconds. A holder renews every `renew`; one that was silent for `expire` by its own clock is watched for
    `watch` by ours before its lease is taken: clocks of two machines differ, and one may be set back.
    """

    now: Callable[[], datetime] = _now
    sleep: Callable[[float], None] = time.sleep
    renew: float = 10
    expire: float = 60
    watch: float = 30


@dataclass(frozen=True)
class Entry:
    """One entry of a lease as it was read; an entry that nobody can read has no holder."""

    number: int
    content: bytes
    holder: Holder | None

    @property
    def is_free(self) -> bool:
        """Tell whether its holder gave it back, or is known to be gone."""
        return self.holder is not None and (self.holder.released or self.holder.is_dead)

    def is_silent(self, clock: Clock) -> bool:
        """Tell whether its holder may be dead; one whose times lie ahead of our clock may be, too."""
        if self.holder is None:
            return True
        return not self.holder.is_here and abs(clock.now() - self.holder.renewed) > timedelta(seconds=clock.expire)


@dataclass(frozen=True)
class Lease:
    """The right to write, as long as no newer entry stands above it."""

    store: LeaseStore
    number: int
    holder: Holder

    def is_ours(self) -> bool:
        """Ask the store whether the lease still holds."""
        entry = newest(self.store)
        return entry is not None and entry.number == self.number

    def renew(self, now: datetime) -> None:
        """Tell others that the holder is alive."""
        self.store.write(self.number, self.holder.renewed_at(now).written())

    def release(self, now: datetime) -> None:
        """Give the lease back, where it is still ours."""
        if not self.is_ours():
            return
        try:
            self.store.write(self.number, replace(self.holder.renewed_at(now), released=True).written())
        except OSError:  # a full disk has no room for the word, but lets an entry go
            self.store.remove(self.number)


def newest(store: LeaseStore) -> Entry | None:
    """Return the entry that holds; None where there never was one."""
    while numbers := store.numbers():
        content = store.read(numbers[-1])
        if content is not None:  # else somebody took the lease just now, and cleared what was below
            return Entry(numbers[-1], content, Holder.read(content))
    return None


def take(store: LeaseStore, run_id: str, clock: Clock) -> Lease:
    """Take the lease for a run, where nobody holds it or its holder is dead.

    Raises: LeaseHeldError naming the holder.
    """
    entry = newest(store)
    if entry is not None and not entry.is_free and not _died(store, entry, clock):
        raise held(store, entry)
    lease = Lease(store, entry.number + 1 if entry else 1, Holder.here(run_id, clock.now()))
    content = lease.holder.written()
    # An answer that got lost has a client ask twice: then the name is taken, by ourselves.
    created = store.create(lease.number, content) or store.read(lease.number) == content
    if not created or not lease.is_ours():
        raise held(store, newest(store))
    for number in store.numbers():
        if number < lease.number:
            store.remove(number)
    return lease


def take_at(root: str, run_id: str, clock: Clock) -> Lease:
    """Take the lease of a lakehouse, wherever it is.

    Raises: LeaseHeldError naming the holder; StoreError when the place cannot keep a lease.
    """
    store = store_at(root)
    try:
        store.prove()
        return take(store, run_id, clock)
    except LakehouseError:
        raise
    except Exception as cause:  # whatever a disk or a store says
        reason = str(cause).strip().partition("\n")[0][:300]
        raise StoreError(
            f"{store.place}: the lease cannot be written: {reason}; nothing was started, no table was touched; "
            "mend the place, then run the job again"
        ) from cause


def held(store: LeaseStore, entry: Entry | None) -> LeaseHeldError:
    """Return the error that names who holds the lease."""
    who = entry.holder.in_words() if entry and entry.holder else "a run that cannot be told"
    return LeaseHeldError(
        f"{who} holds the lease of this lakehouse ({store.place}): one run writes at a time; nothing was "
        "written; run it again when that one has ended, a dead one's lease is taken over"
    )


def _died(store: LeaseStore, entry: Entry, clock: Clock) -> bool:
    """Watch a silent holder for a while: it is dead when its entry stays as it is."""
    if not entry.is_silent(clock):
        return False
    clock.sleep(clock.watch)
    return newest(store) == entry
