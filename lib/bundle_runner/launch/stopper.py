"""Tell running work to end, and why: a timeout or a cancelled run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bundle_runner.states import ResultState

Listener = Callable[[ResultState, str], None]
"""Hears the state and the reason."""


class Stopper:
    """Ends what listens to it; a stopped parent stops its children."""

    def __init__(self, parent: Stopper | None = None) -> None:
        self.state: ResultState | None = None
        self.reason = ""
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        if parent is not None:
            parent.listen(self.stop)

    def stop(self, state: ResultState, reason: str) -> None:
        """Stop with this state and reason; the first one counts."""
        with self._lock:
            if self.state is not None:
                return
            self.state, self.reason = state, reason
            listeners = list(self._listeners)
            self._event.set()
        for listener in listeners:
            listener(state, reason)

    def listen(self, listener: Listener) -> None:
        """Call the listener when it stops; at once if it has."""
        with self._lock:
            if self.state is None:
                self._listeners.append(listener)
                return
            state, reason = self.state, self.reason
        listener(state, reason)

    def wait(self, seconds: float) -> bool:
        """Sleep, and tell early that it stopped."""
        return self._event.wait(max(0.0, seconds))


@contextmanager
def within(parent: Stopper, seconds: float, what: str) -> Iterator[Stopper]:
    """Give a stopper that also stops after so many seconds; 0 means never."""
    child = Stopper(parent)
    reason = f"{what} was stopped after {seconds} s (timeout_seconds)"
    timer = threading.Timer(seconds, child.stop, [ResultState.TIMEDOUT, reason])
    timer.daemon = True
    if seconds:
        timer.start()
    try:
        yield child
    finally:
        timer.cancel()
