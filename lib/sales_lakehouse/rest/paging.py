"""From one page to the next, in each of the ways that APIs have."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlencode

from sales_lakehouse.rest.answer import Ask
from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.rest.origin import Origin
from sales_lakehouse.rest.page import Page, find, is_there
from sales_lakehouse.rest.question import Question
from sales_lakehouse.specs.paging import (
    CursorPaging,
    KeysetPaging,
    LinkPaging,
    NextUrlPaging,
    OffsetPaging,
    PagePaging,
    SinglePaging,
)

_LINK = re.compile(r'<([^<>]*)>\s*((?:;\s*[\w!#$&+.^`|~-]+\*?\s*=\s*(?:"[^"]*"|[^;,\s"]*)\s*)*)')
_NEXT = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^;,\s"]*))', re.IGNORECASE)


def first_ask(question: Question) -> Ask:
    """Return the question for the first page."""
    match question.delivery.paging:
        case PagePaging() as paging:
            return _ask(question, {paging.parameter: str(paging.first)})
        case OffsetPaging() as paging:
            return _ask(question, {paging.parameter: "0"})
        case _:
            return _ask(question, {})


def next_ask(question: Question, ask: Ask, page: Page, seen: int, origin: Origin) -> Ask | None:
    """Return the question for the page after this one; None where the API says that there is none.

    `seen` are the records on this walk's pages so far, this one included.
    Raises: FaultError when the API leads elsewhere.
    """
    match question.delivery.paging:
        case PagePaging() | OffsetPaging() | KeysetPaging() as paging:
            return _ask(question, {paging.parameter: _place(paging, page, seen)})
        case LinkPaging():
            return _follow(ask, _linked(page.answer.headers.get("link", "")), origin)
        case NextUrlPaging() as paging:
            return _follow(ask, find(page.body, paging.at, page.answer), origin)
        case CursorPaging() as paging:
            return _with_cursor(question, paging, page)
        case _:
            return None


def says_it_is_last(question: Question, page: Page) -> bool:
    """Tell whether an answer itself says that no page follows: the way on has a place there, which is empty.

    A page that is asked for by its place, or by the last id, is followed until one is empty.
    """
    paging, headers = question.delivery.paging, page.answer.headers
    match paging:
        case LinkPaging():
            return "link" in headers
        case NextUrlPaging():
            return is_there(page.body, paging.at)
        case CursorPaging():
            return paging.header.lower() in headers if paging.header else is_there(page.body, paging.at or "")
        case SinglePaging():
            return False
        case _:
            return True


def _place(paging: PagePaging | OffsetPaging | KeysetPaging, page: Page, seen: int) -> str:
    match paging:
        case PagePaging():
            return str(paging.first + page.number)
        case OffsetPaging():
            return str(seen if page.records else seen + 1)
        case _:
            return page.ids[-1]


def _follow(ask: Ask, told: object, origin: Origin) -> Ask | None:
    if told is None or told == "":
        return None
    if not isinstance(told, str):
        raise FaultError("no address", f"expected the URL of the next page, got {str(told)[:80]!r}")
    return Ask(origin.follow(ask.url, told))


def _linked(header: str) -> str | None:
    for target, attributes in _LINK.findall(header):
        relations = " ".join(quoted or bare for quoted, bare in _NEXT.findall(attributes))
        if "next" in relations.lower().split():
            return str(target)
    return None


def _with_cursor(question: Question, paging: CursorPaging, page: Page) -> Ask | None:
    answer = page.answer
    told = answer.headers.get(paging.header.lower()) if paging.header else find(page.body, paging.at or "", answer)
    if told is None or told == "":
        return None
    if isinstance(told, dict | list | bool):
        raise FaultError("no cursor", f"expected a text at {paging.header or paging.at}, got {str(told)[:80]!r}")
    return _ask(question, {paging.parameter or paging.field or "": str(told)})


def _ask(question: Question, own: dict[str, str]) -> Ask:
    url = question.base_url.rstrip("/") + question.delivery.path
    asked = {**question.parameters, **own}
    paging = question.delivery.paging
    if isinstance(paging, CursorPaging) and paging.field:
        return Ask(url, json.dumps(asked, sort_keys=True))
    return Ask(f"{url}{'&' if '?' in url else '?'}{urlencode(asked, quote_via=quote)}" if asked else url)
