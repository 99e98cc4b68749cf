"""Warn while a run or a task takes longer than its health rule expects; nothing is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bundle_runner.model import Health

DURATION = "RUN_DURATION_SECONDS"


@contextmanager
def warned_after(health: Health | None, what: str, warn: Callable[[str], None]) -> Iterator[None]:
    """Call `warn` once for each duration rule whose time passes while the block runs."""
    rules = [rule for rule in health.rules if rule.metric == DURATION] if health else []
    timers = [
        threading.Timer(rule.value, warn, [f"{what} takes longer than {rule.value} s (health: {DURATION})"])
        for rule in rules
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
