"""Lists of rendered records, in the order of change: what an endpoint has to page through."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """Hold one record of an endpoint: its order of change and its JSON text."""

    updated_at: datetime
    record_id: str
    json_text: str


class Listing:
    """Hold an endpoint's records, always sorted by (updated_at, record_id)."""

    def __init__(self, name: str, records: Iterable[Record]) -> None:
        self.name = name
        self._records = sorted(records)
        self._changes = [record.updated_at for record in self._records]

    def __len__(self) -> int:
        """Count all records."""
        return len(self._records)

    def after(self, since: datetime | None) -> Sequence[Record]:
        """Select the records that changed later than `since`, which itself is excluded."""
        if since is None:
            return self._records
        return self._records[bisect_right(self._changes, since) :]


def render_page(listing: Listing, since: datetime | None, page: int, size: int) -> str:
    """Render one page by number, counted from 1; a page past the end has no records."""
    found = listing.after(since)
    records = ", ".join(each.json_text for each in found[(page - 1) * size : page * size])
    pages = -(-len(found) // size)
    return f'{{"{listing.name}": [{records}], "page": {page}, "pages": {pages}, "total": {len(found)}}}'
