"""What the runner asks for before a job begins: the lease of the lakehouse that the job writes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress

from sales_lakehouse.lease.fence import possession, possession_of
from sales_lakehouse.lease.store import POSSESSION
from sales_lakehouse.lease.take import Clock, Lease, take_at

_CLOCK = Clock()


class Keeper:
    """Renews a lease until it is given back; `environment` is what tasks show to write under it."""

    def __init__(self, lease: Lease, root: str, clock: Clock) -> None:
        self.environment = {POSSESSION: possession(root, lease)}
        self._lease, self._clock = lease, clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the lease back; a store that does not answer lets it expire."""
        self._ended.set()
        self._thread.join()
        with suppress(Exception):  # the run has ended as it did, and a dead holder's lease is taken over
            self._lease.release(self._clock.now())

    def _renew(self) -> None:
        while not self._ended.wait(self._clock.renew):
            with suppress(Exception):  # a store that does not answer now may do so before the lease expires
                if not self._lease.is_ours():
                    return
                self._lease.renew(self._clock.now())


def hold(
    parameters: Mapping[str, str], run_id: str, environment: Mapping[str, str], clock: Clock = _CLOCK
) -> Keeper | None:
    """Take the lease for a run of a job; None for a job without a lakehouse, or one that runs under its caller's.

    Raises: LeaseHeldError naming the holder; StoreError when the store cannot keep a lease.
    """
    root = parameters.get("lakehouse_root", "").rstrip("/")
    if not root or possession_of(environment, root):
        return None
    return Keeper(take_at(root, run_id, clock), root, clock)
