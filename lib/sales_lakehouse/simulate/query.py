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
    query = strict_query(pairs, PARAMETERS)
    return PageRequest(
        since=_instant(query["updated_since"]) if "updated_since" in query else None,
        page=whole_number("page", query.get("page", "1"), 1),
        size=min(whole_number("page_size", query.get("page_size", f"{default_size}"), 1), LARGEST_PAGE),
    )


def strict_query(pairs: Sequence[tuple[str, str]], known: Sequence[str]) -> dict[str, str]:
    """Take parameters of these names, each at most once.

    Raises: ValueError, worded for the client, when one is unknown or repeated.
    """
    names = [name for name, _ in pairs]
    for name in names:
        if name not in known:
            raise ValueError(f"unknown parameter {name[:40]!r}; known: {', '.join(known)}")
        if names.count(name) > 1:
            raise ValueError(f"{name} is given twice")
    return dict(pairs)


def whole_number(name: str, text: str, smallest: int) -> int:
    """Read a whole number.

    Raises: ValueError, worded for the client, when it is none or too small.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= smallest):
        raise ValueError(f"{name}: {text[:40]!r} is not a whole number from {smallest} up")
    return int(text)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = datetime.min  # noqa: DTZ901 no offset: refused in the next line
    if instant.utcoffset() != timedelta(0):
        raise ValueError(f"updated_since: {text[:40]!r} is not UTC like 2011-01-05T09:11:00Z")
    return instant
