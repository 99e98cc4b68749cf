"""What landed of an API before, record by record: an answer that brings nothing else is a fact, but no work."""

from __future__ import annotations

from functools import cached_property

from sales_lakehouse.landing.store import LandingStore, Manifest
from sales_lakehouse.rest import Answer, FaultError, Page, Question, fingerprints, read_page

_SET_ASIDE = ("quarantined", "refused")


class KnownRecords:
    """The records of a source as they landed last.

    Those of a unit that stands aside are not known: nobody has applied them. Fit for a source whose records say
    themselves which of two is newer.
    """

    def __init__(self, store: LandingStore, question: Question) -> None:
        self._store, self._question = store, question
        self._prints: dict[str, dict[str, str]] = {}

    def hold(self, page: Page) -> bool:
        """Tell whether every record of a page is as it landed last."""
        if not self._unit_of.keys() >= set(page.ids):
            return False
        told = zip(page.ids, fingerprints(page, self._question.records), strict=True)
        return all(self._prints_of(self._unit_of[name]).get(name) == told_now for name, told_now in told)

    def add(self, page: Page, unit: Manifest) -> None:
        """Know the records of a page that landed as this unit."""
        self._unit_of.update(dict.fromkeys(page.ids, unit))

    @cached_property
    def _unit_of(self) -> dict[str, Manifest]:
        """Return the unit that told each record last."""
        units = [unit for unit in self._store.manifests(self._question.source) if unit.reading]
        applied = [unit for unit in units if self._store.state(unit) not in _SET_ASIDE]
        return {name: unit for unit in applied for name in self._ids_of(unit)}

    def _ids_of(self, unit: Manifest) -> tuple[str, ...]:
        page = self._page_of(unit)
        return page.ids if page else ()

    def _prints_of(self, unit: Manifest) -> dict[str, str]:
        if unit.unit_id not in self._prints:
            page = self._page_of(unit)
            told = zip(page.ids, fingerprints(page, self._question.records), strict=True) if page else ()
            self._prints[unit.unit_id] = dict(told)
        return self._prints[unit.unit_id]

    def _page_of(self, unit: Manifest) -> Page | None:
        content = self._store.content_path(unit).read_bytes()
        answer = Answer(content, unit.request.get("url", ""), unit.status or 200, unit.headers, unit.received_at)
        try:
            return read_page(answer, 0, self._question)
        except FaultError:
            return None  # The source file has changed since: its records are told anew
