"""Take the pages of a reading in: each becomes a unit once, however often it comes."""

from __future__ import annotations

from sales_lakehouse.landing.store import LandingStore, Manifest
from sales_lakehouse.rest import Page


class Intake:
    """The units of one reading: each page's bytes are put once, however often they come."""

    def __init__(self, store: LandingStore, source: str, reading: str, name: str) -> None:
        self._store, self._source, self._reading, self._name = store, source, reading, name
        known = store.manifests(source)
        self._put = {unit.unit_id for unit in known if unit.reading == reading}
        self._newest = {unit.name: unit.unit_id for unit in known}
        self.new: list[Manifest] = []
        self.seen = 0

    def take(self, page: Page) -> None:
        """Keep a page as a unit; one without records is a fact, but no work."""
        answer = page.answer
        if not page.records:
            facts = {"url": answer.url, "received_at": answer.received_at, "records": 0}
            self._store.note(self._source, "answers", facts)
            return
        if page.digest in self._put:
            return
        self._put.add(page.digest)
        manifest, is_known = self._manifest(page), answer.status == 304
        kept = None if is_known else self._store.put(page.content, manifest, self._newest)
        self._newest[manifest.name] = page.digest
        if kept:
            self.new.append(kept)
        else:
            self.seen += 1

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
