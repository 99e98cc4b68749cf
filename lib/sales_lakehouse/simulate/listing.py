"""Lists of rendered records, in the order of change: what an endpoint has to page through."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

_CHANGE = attrgetter("updated_at")
_ID = attrgetter("record_id")


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """Hold one record of an endpoint: its order of change and its JSON text."""

    updated_at: datetime
    record_id: str
    json_text: str


class Listing:
    """Hold an endpoint's records, always sorted by (updated_at, record_id); `version` counts its changes."""

    def __init__(self, name: str, records: Iterable[Record]) -> None:
        self.name = name
        self.version = 0
        self._records = sorted(records)
        self._known = {record.record_id: record for record in self._records}

    def __len__(self) -> int:
        """Count all records."""
        return len(self._records)

    def get(self, record_id: str) -> Record | None:
        """Return the record of this id."""
        return self._known.get(record_id)

    def after(self, since: datetime | None) -> Sequence[Record]:
        """Select the records that changed later than `since`, which itself is excluded."""
        return self._records if since is None else self._records[bisect_right(self._records, since, key=_CHANGE) :]

    def from_on(self, since: datetime) -> Sequence[Record]:
        """Select the records that changed at `since` or later."""
        return self._records[bisect_left(self._records, since, key=_CHANGE) :]

    def put(self, record: Record) -> None:
        """Add a record, or let it stand for the one of its id."""
        self.remove(record.record_id)
        insort(self._records, record)
        self._known[record.record_id] = record
        self.version += 1

    def remove(self, record_id: str) -> None:
        """Drop a record without a trace; one that is not there is no error."""
        before = self._known.pop(record_id, None)
        if before is not None:
            del self._records[bisect_left(self._records, before)]
            self.version += 1


def in_id_order(records: Iterable[Record]) -> Sequence[Record]:
    """Sort records by their id, which a change does not move."""
    return sorted(records, key=_ID)


def render_page(listing: Listing, since: datetime | None, page: int, size: int) -> str:
    """Render one page by number, counted from 1; a page past the end has no records."""
    found = listing.after(since)
    records = ", ".join(each.json_text for each in found[(page - 1) * size : page * size])
    pages = -(-len(found) // size)
    return f'{{"{listing.name}": [{records}], "page": {page}, "pages": {pages}, "total": {len(found)}}}'
