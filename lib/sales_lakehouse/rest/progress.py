"""What a reading tells while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sales_lakehouse.wording import counted


@dataclass(frozen=True)
class Progress:
    """How far a reading is: pages and distinct records of this walk, the announced total, seconds it waits now."""

    source: str
    walk: int = 1
    pages: int = 0
    records: int = 0
    total: int | None = None
    waiting: float = 0

    def in_words(self) -> str:
        """Say it in one line."""
        of_total = f" of {self.total:,}" if self.total is not None else ""
        again = f", walk {self.walk}" if self.walk > 1 else ""
        waits = f", waits {self.waiting:.1f} s as the API asks" if self.waiting else ""
        return f"{self.source}: {counted(self.pages, 'page')}, {self.records:,}{of_total} records{again}{waits}"


Tell = Callable[[Progress], None]
_EVERY_SECONDS = 5.0


class ProgressPrinter:
    """Prints how far a reading is: every five seconds, and whenever the server lets us wait longer than that."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Hear how far it is."""
        now = time.monotonic()
        if progress.waiting >= _EVERY_SECONDS or now - self._last >= _EVERY_SECONDS:
            self._last = now
            print(progress.in_words(), flush=True)
