"""The fence before every commit: who lost the lease, or never had it while another run writes, does not write."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sales_lakehouse.errors import LeaseLostError
from sales_lakehouse.lease.store import POSSESSION
from sales_lakehouse.lease.stores import store_at
from sales_lakehouse.lease.take import Clock, Entry, Lease, newest, take_at

_CLOCK = Clock()


def possession(root: str, lease: Lease) -> str:
    """Return what a task shows to write under its run's lease."""
    return f"{lease.number}/{lease.holder.run_id} {root}"


def possession_of(environment: Mapping[str, str], root: str) -> str:
    """Return what an environment holds of a lakehouse's lease; empty where it is none of this lakehouse."""
    held, _, of_root = environment.get(POSSESSION, "").partition(" ")
    return held if of_root == root else ""


@contextmanager
def writing(root: str, run_id: str) -> Iterator[None]:
    """Let a commit happen under the lease: that of the task's run, or one taken for this commit alone.

    A notebook in JupyterLab has no run that holds a lease for it. On another platform nobody takes a lease: there
    the job's own `max_concurrent_runs` keeps a second run away.
    Raises: LeaseLostError when the run's lease went to another; LeaseHeldError when somebody else holds it.
    """
    possessed = possession_of(os.environ, root)
    if possessed:
        _check(root, possessed)
        yield
        return
    if "://" in root:
        yield
        return
    lease = take_at(root, run_id, _CLOCK)
    try:
        yield
    finally:
        lease.release(_CLOCK.now())


def _check(root: str, possessed: str) -> None:
    entry = newest(store_at(root))
    if entry is None or entry.holder is None or f"{entry.number}/{entry.holder.run_id}" != possessed:
        raise LeaseLostError(
            f"this run's lease of {root} is no longer its own: {_of_others(entry)}; nothing was committed; what it has "
            "not finished is work of the next run: `lakehouse run sales_daily`"
        )


def _of_others(entry: Entry | None) -> str:
    if entry is None:
        return "its entry is gone"
    if entry.holder is None:
        return f"nobody can read entry {entry.number}"
    return f"{entry.holder.in_words()} {'had' if entry.holder.released else 'has'} it since, as this one was silent"
