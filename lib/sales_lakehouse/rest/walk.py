"""Walk a listing from its first page to its last."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sales_lakehouse.rest.answer import Ask
from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.rest.origin import Origin
from sales_lakehouse.rest.page import Page
from sales_lakehouse.rest.paging import first_ask, next_ask
from sales_lakehouse.rest.question import Question
from sales_lakehouse.specs.paging import OffsetPaging, PagePaging

Fetch = Callable[[Ask, int], Page]


class Walk:
    """One way through all pages, and what it met: ids, announced totals, records that came twice.

    `last` is the last page, `fullest` the most records that a page before it had.
    """

    def __init__(self, question: Question, origin: Origin, fetch: Fetch) -> None:
        self._question, self._origin, self._fetch = question, origin, fetch
        self._asked: set[str] = set()
        self._met: set[tuple[str, ...]] = set()
        self.ids: set[str] = set()
        self.records = self.pages = self.size = 0
        self._was_empty = False
        self.totals: list[int] = []
        self.last: Page | None = None
        self.fullest = 0

    def __iter__(self) -> Iterator[Page]:
        """Yield the pages in order.

        Raises: FaultError when they lead nowhere, in a circle, or beyond a bound.
        """
        ask: Ask | None = first_ask(self._question)
        while ask:
            page = self._next(ask)
            if self._is_repeated(page):
                return
            self._count(page)
            yield page
            ask = None if self._has_all() else self._after(ask, page)

    @property
    def counts_by_place(self) -> bool:
        """Tell whether a page is asked for by its place: then records that shift can pass unseen."""
        return isinstance(self._question.delivery.paging, PagePaging | OffsetPaging)

    def _next(self, ask: Ask) -> Page:
        limits = self._question.delivery.limits
        if ask.key in self._asked:
            raise FaultError("loop", f"page {self.pages + 1} leads back to a page that was read before")
        if self.pages >= limits.pages:
            raise FaultError("too many pages", f"more than {limits.pages:,} (limits.pages)")
        self._asked.add(ask.key)
        page = self._fetch(ask, self.pages + 1)
        self.size += len(page.content)
        if self.size > limits.reading_bytes:
            raise FaultError("too large", f"more than {limits.reading_bytes:,} bytes (limits.reading_bytes)")
        return page

    def _is_repeated(self, page: Page) -> bool:
        """Tell whether a page brings what an earlier one brought: past its end, an API may give its last page again."""
        if not page.ids or page.ids not in self._met:
            return False
        if self.counts_by_place:
            return True
        raise FaultError("repeated page", f"page {page.number} brings the records of an earlier page", walk_again=True)

    def _count(self, page: Page) -> None:
        self.fullest = max(self.fullest, len(self.last.records) if self.last else 0)
        self.last = page
        self.pages += 1
        self.records += len(page.records)
        self.ids.update(page.ids)
        self._met.add(page.ids)
        if page.total is not None:
            self.totals.append(page.total)

    def _has_all(self) -> bool:
        """Spare the question for an empty page where a place is asked for and all that was announced came."""
        total = self._question.announced(self.totals[-1] if self.totals else None)
        return self.counts_by_place and total is not None and len(self.ids) >= total

    def _after(self, ask: Ask, page: Page) -> Ask | None:
        if self._was_empty and page.records:
            what = f"page {page.number - 1} is empty and page {page.number} is not"
            raise FaultError("empty page in the middle", what, walk_again=True)
        # Where no total tells, one page beyond an empty one shows whether it was the end.
        ends = not page.records and (not self.counts_by_place or self._was_empty or bool(self.totals))
        self._was_empty = not page.records
        if ends and self._question.asks_beyond_records:
            return None
        return next_ask(self._question, ask, page, self.records, self._origin)
