"""Ask for the next page while the one before is taken in."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
_DEPTH = 2
_END = object()


def read_ahead(pages: Iterator[T]) -> Iterator[T]:
    """Yield what comes, in its order, while a thread goes on for at most two more; what it raises is raised here."""
    reader = _Ahead(pages)
    reader.start()
    try:
        yield from reader.come()
    finally:
        reader.gives_up.set()
        reader.join()


class _Ahead(threading.Thread, Generic[T]):
    """Reads until the end, an error, or until nobody takes any more."""

    def __init__(self, pages: Iterator[T]) -> None:
        super().__init__(name="reading ahead", daemon=True)
        self.gives_up = threading.Event()
        self._pages = pages
        self._came: queue.Queue[object] = queue.Queue(_DEPTH)
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            for page in self._pages:
                if not self._hand_over(page):
                    return
        except BaseException as error:  # noqa: BLE001 raised again where the pages are taken
            self._error = error
        self._hand_over(_END)

    def come(self) -> Iterator[T]:
        """Yield what came."""
        while (page := self._came.get()) is not _END:
            yield page  # type: ignore[misc]
        if self._error:
            raise self._error

    def _hand_over(self, page: object) -> bool:
        while not self.gives_up.is_set():
            try:
                self._came.put(page, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False
