"""An endpoint per record of another source: one that told too little is asked anew, what the others told stays."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sales_lakehouse.errors import ApiError
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.specs import SourceSpec
from tests.apis import SHOP, land
from tests.shops import serving


def source(name: str, records: str, **delivery: object) -> SourceSpec:
    said = {**SHOP.delivery.model_dump(), "changes": None, "paging": {"kind": "single"}, **delivery}
    whole = {**SHOP.model_dump(by_alias=True), "source": name, "delivery": said}
    return SourceSpec.model_validate(whole | {"format": {"kind": "json", "records": records}})


ORDERS = source("online_shop", "orders")
REFUNDS = source(
    "shop_refunds",
    "refunds",
    path="/orders/{parent}/refunds",
    id="refund_id",
    parents={"source": "online_shop", "at": "order_id", "at_once": 1},
)


class Shop:
    """A shop of three orders with a refund each. That of `short` is announced and not told."""

    def __init__(self) -> None:
        self.short: str | None = None
        self.asked: list[str] = []

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/orders", self._orders), Route("/orders/{order}/refunds", self._refunds)])

    async def _orders(self, _: Request) -> JSONResponse:
        return JSONResponse({"orders": [{"order_id": f"A{number}"} for number in range(3)], "total": 3})

    async def _refunds(self, request: Request) -> JSONResponse:
        order = request.path_params["order"]
        self.asked.append(order)
        told = [] if order == self.short else [{"refund_id": f"R-{order}"}]
        return JSONResponse({"refunds": told, "total": 1})


def test_a_listing_that_was_short_is_asked_for_anew_and_the_others_are_not(tmp_path: Path) -> None:
    shop = Shop()
    with serving(shop.app()) as client:
        land(tmp_path, client.base_url, ORDERS)
        shop.short = "A1"
        with pytest.raises(ApiError, match=r"shop_refunds, .*/orders/A1/refunds.*: short reading: 0 of 1"):
            land(tmp_path, client.base_url, REFUNDS)
        shop.short = None
        shop.asked.clear()
        land(tmp_path, client.base_url, REFUNDS)
    store = LandingStore(tmp_path / "lakehouse/landing")
    told = [json.loads(store.content_path(unit).read_bytes()) for unit in store.manifests("shop_refunds")]
    assert sorted(page["refunds"][0]["refund_id"] for page in told) == ["R-A0", "R-A1", "R-A2"]
    assert "A1" in shop.asked
    assert "A0" not in shop.asked


def test_a_listing_of_the_whole_that_was_short_is_asked_for_anew(tmp_path: Path) -> None:
    shop = Shop()
    single = source("shop_refunds", "refunds", path="/orders/A1/refunds", id="refund_id")
    with serving(shop.app()) as client:
        shop.short = "A1"
        with pytest.raises(ApiError, match="short reading: 0 of 1"):
            land(tmp_path, client.base_url, single)
        shop.short = None
        assert len(land(tmp_path, client.base_url, single).new) == 1
    assert not (tmp_path / "lakehouse/landing/shop_refunds/.reading").exists()
