"""Read the query of a page, strictly: a client that mistypes a parameter is told so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LARGEST_PAGE = 100
PARAMETERS = ("updated_since", "page", "page_size")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Hold what a client asked of a listing."""

    since: datetime | None
    page: int
    size: int


def parse_query(pairs: Sequence[tuple[str, str]], default_size: int) -> PageRequest:
    """Read the parameters of a page.

    Raises: ValueError, worded for the client, when one is unknown, repeated or unreadable.
    """
    names = [name for name, _ in pairs]
    for name in names:
        if name not in PARAMETERS:
            raise ValueError(f"unknown parameter {name[:40]!r}; known: {', '.join(PARAMETERS)}")
        if names.count(name) > 1:
            raise ValueError(f"{name} is given twice")
    query = dict(pairs)
    return PageRequest(
        since=_instant(query["updated_since"]) if "updated_since" in query else None,
        page=_count("page", query.get("page", "1")),
        size=min(_count("page_size", query.get("page_size", f"{default_size}")), LARGEST_PAGE),
    )


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = datetime.min  # noqa: DTZ901 no offset: refused in the next line
    if instant.utcoffset() != timedelta(0):
        raise ValueError(f"updated_since: {text[:40]!r} is not UTC like 2011-01-05T09:11:00Z")
    return instant


def _count(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise ValueError(f"{name}: {text[:40]!r} is not a whole number from 1 up")
    return int(text)
