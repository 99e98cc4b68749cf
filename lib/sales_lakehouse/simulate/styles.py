"""The paging styles of this world, each served under its own prefix: /styles/<style>/<listing>.

All answer {"<listing>": [...], "total": n, ...} and repeat the total in X-Total-Count. All take `page_size`
(at most 100), `sort` (`id`, which a change does not move, or `updated_at`), and `updated_since` (exclusive) or
`updated_from` (inclusive) as ISO time or as an epoch in seconds or milliseconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sales_lakehouse.simulate.documents import Json, json_text
from sales_lakehouse.simulate.paging import Page, Start, from_token, to_token
from sales_lakehouse.simulate.query import whole_number

Query: TypeAlias = Mapping[str, str]
# Gives the URL of the request with one parameter set anew.
WithParameter: TypeAlias = Callable[[str, str], str]

SHARED = ("page_size", "sort", "updated_since", "updated_from")


@dataclass(frozen=True, slots=True)
class Told:
    """Hold what a style adds to a page: fields of the body and headers."""

    fields: Mapping[str, Json]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Style:
    """Describe one way of paging: what a client sends, and what a page tells of the next one."""

    name: str
    description: str
    parameter: str | None
    start: Callable[[Query, int], Start]
    tell: Callable[[Page, WithParameter], Told]
    method: str = "GET"
    # A request header that may stand for the parameter.
    request_header: str | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """Name all parameters that a client may send."""
        own = (self.parameter,) if self.parameter else ()
        return (*own, *(("limit",) if self.name == "offset" else ()), *SHARED)


def write_page(name: str, page: Page, told: Told) -> bytes:
    """Write the body of a page: the records, the total, and what its style tells."""
    records = ", ".join(each.json_text for each in page.records)
    fields: dict[str, Json] = {"total": page.total, "page_size": page.size, **told.fields}
    return f'{{"{name}": [{records}], {json_text(fields)[1:]}'.encode()


def _by_number(base: int) -> Callable[[Query, int], Start]:
    # A page's place follows from the size that is served, not from the one that was asked for.
    return lambda query, size: (whole_number("page", query.get("page", f"{base}"), base) - base) * size


def _by_offset(query: Query, _: int) -> Start:
    return whole_number("offset", query.get("offset", "0"), 0)


def _by_token(parameter: str) -> Callable[[Query, int], Start]:
    return lambda query, _: from_token(query[parameter]) if query.get(parameter) else 0


def _by_id(query: Query, _: int) -> Start:
    if query.get("sort", "id") != "id":
        raise ValueError("sort: pages after an id are sorted by id")
    return (query["after_id"],) if query.get("after_id") else 0


def _tell_number(base: int) -> Callable[[Page, WithParameter], Told]:
    return lambda page, _: Told({"page": page.number + base, "pages": page.pages}, {})


def _tell_offset(page: Page, _: WithParameter) -> Told:
    return Told({"offset": page.offset, "limit": page.size}, {})


def _tell_link(page: Page, url: WithParameter) -> Told:
    token = _token(page)
    return Told({}, {"link": f'<{url("cursor", token)}>; rel="next"'} if token else {})


def _tell_url(page: Page, url: WithParameter) -> Told:
    token = _token(page)
    return Told({"links": {"next": url("cursor", token) if token else None}}, {})


def _tell_cursor(page: Page, _: WithParameter) -> Told:
    return Told({"next_cursor": _token(page)}, {})


def _tell_header(header: str) -> Callable[[Page, WithParameter], Told]:
    def tell(page: Page, _: WithParameter) -> Told:
        token = _token(page)
        return Told({}, {header: token} if token else {})

    return tell


def _tell_nothing(_: Page, __: WithParameter) -> Told:
    return Told({}, {})


def _token(page: Page) -> str | None:
    return to_token(page.next_key) if page.next_key else None


_ALL = (
    Style("page-from-1", "?page=1, 2, …; the body tells page and pages", "page", _by_number(1), _tell_number(1)),
    Style("page-from-0", "?page=0, 1, …; the body tells page and pages", "page", _by_number(0), _tell_number(0)),
    Style("offset", "?offset=0&limit=100; the body tells offset and limit", "offset", _by_offset, _tell_offset),
    Style("link-header", 'the header Link: <URL>; rel="next"', "cursor", _by_token("cursor"), _tell_link),
    Style("next-url", "the body's links.next, a URL or null", "cursor", _by_token("cursor"), _tell_url),
    Style(
        "cursor-body", "the body's next_cursor or null, sent as ?cursor=", "cursor", _by_token("cursor"), _tell_cursor
    ),
    Style(
        "cursor-header",
        "the header X-Next-Cursor, sent as the header X-Cursor or as ?cursor=",
        "cursor",
        _by_token("cursor"),
        _tell_header("x-next-cursor"),
        request_header="x-cursor",
    ),
    Style(
        "cursor-post",
        'the body\'s next_cursor or null, sent by POST as {"cursor": …, "page_size": …}',
        "cursor",
        _by_token("cursor"),
        _tell_cursor,
        method="POST",
    ),
    Style(
        "token-header",
        "the header X-Next-Page-Token, sent as ?page_token=",
        "page_token",
        _by_token("page_token"),
        _tell_header("x-next-page-token"),
    ),
    Style(
        "after-id",
        "?after_id= the last id of the page before; ends with a short page",
        "after_id",
        _by_id,
        _tell_nothing,
    ),
    Style("single", "all records at once", None, lambda _, __: 0, _tell_nothing),
)
STYLES: Mapping[str, Style] = {each.name: each for each in _ALL}
