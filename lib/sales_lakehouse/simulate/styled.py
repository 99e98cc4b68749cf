"""Answer for a listing in every paging style, from bytes that are rendered once."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sales_lakehouse.simulate.listing import Listing
from sales_lakehouse.simulate.paging import cut_page, page_size, read_asked
from sales_lakehouse.simulate.query import strict_query
from sales_lakehouse.simulate.styles import STYLES, Style, write_page

Serve: TypeAlias = Callable[[Request], Awaitable[Response]]
_Rendered: TypeAlias = tuple[int, bytes, dict[str, str]]


def styled_routes(listings: Iterable[Listing], default_size: int) -> list[Route]:
    """Return one route per style and listing: /styles/<style>/<listing>."""
    return [
        Route(f"/styles/{style.name}/{listing.name}", _endpoint(style, listing, default_size), methods=[style.method])
        for listing in listings
        for style in STYLES.values()
    ]


def tagged(request: Request, body: bytes, headers: Mapping[str, str]) -> Response:
    """Answer with an ETag, or with 304 where the client has these very bytes."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    told = {"content-type": "application/json", "etag": etag, **headers}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=told)
    return Response(body, headers=told)


def _endpoint(style: Style, listing: Listing, default_size: int) -> Serve:
    rendered: dict[tuple[str, tuple[tuple[str, str], ...]], _Rendered] = {}

    async def serve(request: Request) -> Response:
        try:
            query = await _asked(request, style)
            # A page may lead on by a URL, which begins with the address that the client asked at.
            key = request.url.netloc, tuple(sorted(query.items()))
            if rendered.get(key, (-1,))[0] != listing.version:
                rendered[key] = (listing.version, *_render(request, style, listing, query, default_size))
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        _, body, headers = rendered[key]
        return tagged(request, body, headers)

    return serve


async def _asked(request: Request, style: Style) -> dict[str, str]:
    pairs = request.query_params.multi_items()
    if style.method == "POST":
        given = json.loads(await request.body() or b"{}")
        if not isinstance(given, dict):
            raise ValueError("body: expected a JSON object")
        pairs = [*pairs, *((name, str(value)) for name, value in given.items())]
    query = strict_query(pairs, style.parameters)
    if style.request_header and style.parameter and style.request_header in request.headers:
        query[style.parameter] = request.headers[style.request_header]
    return query


def _render(
    request: Request, style: Style, listing: Listing, query: Mapping[str, str], default_size: int
) -> tuple[bytes, dict[str, str]]:
    size = page_size(query, default_size) if style.parameter else max(len(listing), 1)
    page = cut_page(listing, read_asked(query, style.start(query, size), size))
    told = style.tell(page, lambda name, value: str(request.url.include_query_params(**{name: value})))
    headers = {"x-total-count": f"{page.total}", **told.headers}
    return write_page(listing.name, page, told), headers
