"""Take the pages of a reading in: each becomes a unit once, however often it comes."""

from __future__ import annotations

from sales_lakehouse.landing.known import KnownRecords
from sales_lakehouse.landing.store import LandingStore, Manifest, unit_id_of
from sales_lakehouse.rest import Page


class Intake:
    """The units of one reading: each page's bytes are put once, however often they come."""

    def __init__(
        self, store: LandingStore, source: str, reading: str, name: str, known: KnownRecords | None = None
    ) -> None:
        self._store, self._source, self._reading, self._name, self._known = store, source, reading, name, known
        units = store.manifests(source)
        self._put = {unit.unit_id for unit in units if unit.reading == reading}
        self._newest = {unit.name: unit.unit_id for unit in units}
        self.new: list[Manifest] = []
        self.seen = 0

    def take(self, page: Page) -> None:
        """Keep a page as a unit; one without records, or with known ones alone, is a fact, but no work."""
        unit_id = unit_id_of(self._source, page.content)
        if page.records and unit_id in self._put:
            return
        self._put.add(unit_id)
        if not page.records or self._is_known(page):
            facts = {"url": page.answer.url, "received_at": page.answer.received_at, "records": len(page.records)}
            self._store.note(self._source, "answers", facts)
            self.seen += bool(page.records)
        elif kept := self._put_page(page):
            self.new.append(kept)
        else:
            self.seen += 1

    def _is_known(self, page: Page) -> bool:
        return page.answer.status == 304 or (self._known is not None and self._known.hold(page))

    def _put_page(self, page: Page) -> Manifest | None:
        manifest = self._manifest(page)
        kept = self._store.put(page.content, manifest, self._newest)
        self._newest[manifest.name] = unit_id_of(self._source, page.content)
        if kept and self._known:
            self._known.add(page, kept)
        return kept

    def _manifest(self, page: Page) -> Manifest:
        answer = page.answer
        return Manifest(
            source=self._source,
            name=f"{self._name}, page {page.number}",
            received_at=answer.received_at,
            request={"url": answer.url},
            headers=answer.headers,
            status=answer.status,
            reading=self._reading,
        )
