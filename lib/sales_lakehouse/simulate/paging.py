"""Cut a page from a listing, whichever way a client asks for it: by offset or after a record."""

import base64
import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, get_args

from sales_lakehouse.simulate.listing import Listing, Record, in_id_order
from sales_lakehouse.simulate.query import LARGEST_PAGE, whole_number

Sort: TypeAlias = Literal["id", "updated_at"]
Key: TypeAlias = tuple[str, ...]
# Where a page starts: so many records passed over, or behind the record with this key.
Start: TypeAlias = int | Key

# Epochs of this century have ten digits in seconds and thirteen in milliseconds.
_SECONDS_DIGITS = 11


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what a client asked of a listing, in no paging style's words."""

    start: Start
    size: int
    sort: Sort
    since: datetime | None
    includes_since: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Hold one page: its records, where it starts, and what a server announces with it.

    Nulls: no `next_key` means that there is no further page.
    """

    records: Sequence[Record]
    offset: int
    size: int
    total: int
    next_key: Key | None

    @property
    def number(self) -> int:
        """Count the pages before this one."""
        return self.offset // self.size

    @property
    def pages(self) -> int:
        """Count all pages."""
        return -(-self.total // self.size)


def page_size(query: Mapping[str, str], default_size: int) -> int:
    """Read how many records a page shall have; the shop gives at most so many.

    Raises: ValueError, worded for the client, when it cannot be read.
    """
    size = whole_number("page_size", query.get("page_size", query.get("limit", f"{default_size}")), 1)
    return min(size, LARGEST_PAGE)


def read_asked(query: Mapping[str, str], start: Start, size: int) -> Asked:
    """Read what all styles share: order, and since when.

    Raises: ValueError, worded for the client, when a value cannot be read.
    """
    since = query.get("updated_since", query.get("updated_from"))
    sort = query.get("sort", "id")
    if sort not in get_args(Sort):
        raise ValueError(f"sort: {sort[:40]!r} is neither id nor updated_at")
    return Asked(
        start=start,
        size=size,
        sort="id" if sort == "id" else "updated_at",
        since=None if since is None else _instant(since),
        includes_since="updated_from" in query,
    )


def cut_page(listing: Listing, asked: Asked) -> Page:
    """Cut the page that was asked for; one past the end has no records."""
    rows = select_rows(listing, asked)
    key = sort_key(asked.sort)
    first = asked.start if isinstance(asked.start, int) else bisect_right(rows, asked.start, key=key)
    records = rows[first : first + asked.size]
    is_last = first + asked.size >= len(rows)
    return Page(records, first, asked.size, len(rows), None if is_last else key(records[-1]))


def select_rows(listing: Listing, asked: Asked) -> Sequence[Record]:
    """Select and sort all records that the pages of one reading hold."""
    since = asked.since
    rows = listing.from_on(since) if since and asked.includes_since else listing.after(since)
    return in_id_order(rows) if asked.sort == "id" else rows


def sort_key(sort: Sort) -> Callable[[Record], Key]:
    """Give the function that tells a record's place in this order."""
    if sort == "id":
        return lambda record: (record.record_id,)
    return lambda record: (record.updated_at.isoformat(), record.record_id)


def to_token(key: Key) -> str:
    """Write a key as an opaque token."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def from_token(token: str) -> Key:
    """Read a token.

    Raises: ValueError, worded for the client, when it is none of this shop's.
    """
    try:
        return tuple(f"{each}" for each in json.loads(base64.urlsafe_b64decode(token)))
    except (ValueError, TypeError) as error:
        raise ValueError(f"cursor: {token[:40]!r} is none that this shop gave") from error


def _instant(text: str) -> datetime:
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text) / (1 if len(text) <= _SECONDS_DIGITS else 1000), UTC)
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"since: {text[:40]!r} is neither ISO time nor an epoch in seconds or milliseconds") from error
    # A time without a zone is UTC, as such APIs have it.
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
