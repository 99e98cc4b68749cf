"""The online shop's REST API: one endpoint per listing, and /health.

GET /orders?updated_since=<ISO UTC, exclusive>&page=<1..>&page_size=<n, at most 100>
→ {"orders": [...], "page": 1, "pages": 4, "total": 312}, sorted by (updated_at, order_id)
/customers and /products answer alike. A listing holds each record's current version only, so an increment
brings a changed record as it now is, never what it was in between.

/orders/<order_id>/refunds has the refunds of an order; /styles/<style>/<listing> serves the same records in every
paging style; see `styles`.
"""

import os
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sales_lakehouse.simulate.churn import Churn
from sales_lakehouse.simulate.doorkeeper import Doorkeeper
from sales_lakehouse.simulate.health import SERVICE
from sales_lakehouse.simulate.listing import Listing, render_page
from sales_lakehouse.simulate.query import parse_query
from sales_lakehouse.simulate.refunds import refunds_route
from sales_lakehouse.simulate.styled import styled_routes, tagged

Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


def build_app(
    listings: Iterable[Listing], default_page_size: int, keeper: Doorkeeper | None = None, churn: Churn | None = None
) -> Starlette:
    """Build the API that serves these listings, each under its own name.

    `keeper` asks for credentials; `churn` changes a listing while it is read.
    """
    listings = tuple(listings)
    routes = [Route(f"/{each.name}", _endpoint(each, default_page_size)) for each in listings]
    routes += styled_routes(listings, default_page_size)
    routes += [refunds_route(each) for each in listings if each.name == "orders"]
    middleware = [Middleware(each.middleware) for each in (keeper, churn) if each]
    return Starlette(
        routes=[Route("/health", _health(listings)), *routes, *(keeper.routes if keeper else ())],
        middleware=middleware,
        exception_handlers={HTTPException: _json_error},
    )


def _endpoint(listing: Listing, default_page_size: int) -> Answer:
    async def answer(request: Request) -> Response:
        try:
            asked = parse_query(request.query_params.multi_items(), default_page_size)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        body = render_page(listing, asked.since, asked.page, asked.size)
        return tagged(request, body.encode(), {})

    return answer


def _health(listings: Iterable[Listing]) -> Answer:
    # The process id lets whoever started the server know that it is theirs that answers.
    known = {
        "service": SERVICE,
        "pid": os.getpid(),
        "records": {each.name: len(each) for each in listings},
    }

    async def answer(_: Request) -> Response:
        return JSONResponse(known)

    return answer


async def _json_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)
