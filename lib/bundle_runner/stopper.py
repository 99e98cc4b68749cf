"""Tell running work to end, and why: a timeout or a cancelled run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bundle_runner.states import ResultState


class Stopper:
    """Ends what listens to it; a stopped parent stops its children."""

    def __init__(self, parent: Stopper | None = None) -> None:
        self.state: ResultState | None = None
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._listeners: list[Callable[[ResultState], None]] = []
        if parent is not None:
            parent.listen(self.stop)

    def stop(self, state: ResultState) -> None:
        """Stop with this state; the first one counts."""
        with self._lock:
            if self.state is not None:
                return
            self.state = state
            listeners = list(self._listeners)
            self._event.set()
        for listener in listeners:
            listener(state)

    def listen(self, listener: Callable[[ResultState], None]) -> None:
        """Call the listener when it stops; at once if it has."""
        with self._lock:
            if self.state is None:
                self._listeners.append(listener)
                return
            state = self.state
        listener(state)

    def wait(self, seconds: float) -> bool:
        """Sleep, and tell early that it stopped."""
        return self._event.wait(max(0.0, seconds))


@contextmanager
def within(parent: Stopper, seconds: float) -> Iterator[Stopper]:
    """Give a stopper that also stops after so many seconds; 0 means never."""
    child = Stopper(parent)
    timer = threading.Timer(seconds, child.stop, [ResultState.TIMEDOUT])
    timer.daemon = True
    if seconds:
        timer.start()
    try:
        yield child
    finally:
        timer.cancel()
