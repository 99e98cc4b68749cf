"""Send lineage to where it is collected, beside the run: it costs bounded time, and no failure of it is the run's."""

from __future__ import annotations

import queue
import threading
from typing import Any

CALL_SECONDS = 3.0
CLOSE_SECONDS = 5.0
"""How long the end of a run waits for what is still to be sent."""
FAILURES = 3
"""After so many calls in a row that failed, no more are made in this run."""


class Sender:
    """Posts events to an address, one after the other, in a thread that nobody waits for but `close`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._given = self._sent = 0
        self._trouble = ""
        self._thread = threading.Thread(target=self._work, name="lineage", daemon=True)
        self._thread.start()

    def send(self, event: dict[str, Any]) -> None:
        """Take an event to send."""
        self._given += 1
        self._open.put(event)

    def close(self) -> str:
        """Wait a bounded time and return what went wrong, in one sentence; nothing where all was sent."""
        self._open.put(None)
        self._thread.join(CLOSE_SECONDS)
        if self._sent == self._given:
            return ""
        why = self._trouble or f"it took longer than {CLOSE_SECONDS:g} s"
        lost = f"{self._given - self._sent} of {self._given} OpenLineage events did not reach {_place(self._url)}"
        return f"{lost}: {why}; they stand in openlineage.jsonl"

    def _work(self) -> None:
        failures = 0
        while (event := self._open.get()) is not None:
            if failures < FAILURES:
                failures = 0 if self._posted(event) else failures + 1

    def _posted(self, event: dict[str, Any]) -> bool:
        try:
            import httpx  # takes a moment that only a run with an address pays

            httpx.post(self._url, json=event, timeout=CALL_SECONDS).raise_for_status()
        except Exception as error:  # noqa: BLE001 whatever it is, the run must not hear of it but as a warning
            self._trouble = f"{type(error).__name__}: {error}".splitlines()[0][:200].replace(self._url, "the address")
            return False
        self._sent += 1
        return True


def _place(url: str) -> str:
    """Return an address without what may be a key in it."""
    return url.split("?", maxsplit=1)[0].rsplit("@", maxsplit=1)[-1]
