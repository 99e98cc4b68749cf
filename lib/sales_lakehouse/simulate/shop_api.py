"""The online shop's REST API: one endpoint per listing, and /health.

GET /orders?updated_since=<ISO UTC, exclusive>&page=<1..>&page_size=<n, at most 100>
→ {"orders": [...], "page": 1, "pages": 4, "total": 312}, sorted by (updated_at, order_id)
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sales_lakehouse.simulate.health import SERVICE
from sales_lakehouse.simulate.listing import Listing, render_page

LARGEST_PAGE = 100
Answer: TypeAlias = Callable[[Request], Awaitable[Response]]

_PARAMETERS = ("updated_since", "page", "page_size")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Hold what a client asked of a listing."""

    since: datetime | None
    page: int
    size: int


def build_app(listings: Iterable[Listing], default_page_size: int) -> Starlette:
    """Build the API that serves these listings, each under its own name."""
    listings = tuple(listings)
    routes = [Route(f"/{each.name}", _endpoint(each, default_page_size)) for each in listings]
    return Starlette(
        routes=[Route("/health", _health(listings)), *routes],
        exception_handlers={HTTPException: _json_error},
    )


def parse_query(query: Mapping[str, str], default_page_size: int) -> PageRequest:
    """Read the query of a page.

    Raises: ValueError, worded for the client, when a parameter is unknown or unreadable.
    """
    unknown = sorted(set(query) - set(_PARAMETERS))
    if unknown:
        raise ValueError(f"unknown parameter {unknown[0]!r}; known: {', '.join(_PARAMETERS)}")
    return PageRequest(
        since=_instant(query["updated_since"]) if "updated_since" in query else None,
        page=_count("page", query.get("page", "1")),
        size=min(_count("page_size", query.get("page_size", str(default_page_size))), LARGEST_PAGE),
    )


def _endpoint(listing: Listing, default_page_size: int) -> Answer:
    async def answer(request: Request) -> Response:
        try:
            asked = parse_query(request.query_params, default_page_size)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        body = render_page(listing, asked.since, asked.page, asked.size)
        return Response(body, media_type="application/json")

    return answer


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = datetime.min
    if instant.utcoffset() != timedelta(0):
        raise ValueError(f"updated_since: {text[:40]!r} is not UTC like 2011-01-05T09:11:00Z")
    return instant


def _count(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise ValueError(f"{name}: {text[:40]!r} is not a whole number from 1 up")
    return int(text)


def _health(listings: Iterable[Listing]) -> Answer:
    # The process id lets whoever started the server know that it is theirs that answers.
    known = {
        "service": SERVICE,
        "pid": os.getpid(),
        "records": {each.name: len(each) for each in listings},
    }

    async def answer(request: Request) -> Response:
        return JSONResponse(known)

    return answer


async def _json_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)
