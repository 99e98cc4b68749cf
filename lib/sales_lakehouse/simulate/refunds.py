"""The refunds of an order: an endpoint per order, as such APIs have it."""

import json

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sales_lakehouse.simulate.documents import Json, json_text
from sales_lakehouse.simulate.listing import Listing


def refunds_route(orders: Listing) -> Route:
    """Return /orders/{order_id}/refunds: one refund, of the first line, for every order whose id ends in 7."""

    async def serve(request: Request) -> Response:
        order = orders.get(request.path_params["order_id"])
        if order is None:
            raise HTTPException(404, "there is no such order")
        document = json.loads(order.json_text, parse_float=str)
        refunds: list[Json] = []
        if order.record_id.endswith("7") and document["lines"]:
            line = document["lines"][0]
            refunds = [{"refund_id": f"R{order.record_id}", "order_id": order.record_id, "line": line["line"]}]
        body = json_text({"refunds": refunds, "total": len(refunds)})
        return Response(body, media_type="application/json")

    return Route("/orders/{order_id}/refunds", serve)
