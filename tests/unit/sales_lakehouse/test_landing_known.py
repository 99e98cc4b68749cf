"""An increment overlaps the one before: what comes again is no work, what changed is, whatever page it stands on."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sales_lakehouse.landing import Landed, LandingStore
from sales_lakehouse.plan import make_plan
from sales_lakehouse.specs import SourceSpec
from tests.apis import SHOP, api_run, land
from tests.shops import serving


@dataclass
class Shelf:
    """A shop of a few orders; `updated_since` counts the asked time in."""

    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)
    raw: str | None = None

    def sell(self, order_id: str, minute: int, **changes: Any) -> None:
        self.orders[order_id] = {"order_id": order_id, "updated_at": f"2011-01-04T10:{minute:02}:00Z", **changes}

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/orders", self._list)])

    async def _list(self, request: Request) -> Response:
        since = request.query_params.get("updated_since")
        self.asked.append(since)
        if self.raw:
            return Response(self.raw, media_type="application/json")
        found = [order for order in self.orders.values() if order["updated_at"] >= (since or "")]
        return JSONResponse({"orders": found, "total": len(found)})


def source(overlap_seconds: int, **delivery: Any) -> SourceSpec:
    changes = {"at": "updated_at", "parameter": "updated_since", "overlap_seconds": overlap_seconds}
    said = {**SHOP.delivery.model_dump(), "changes": changes, "paging": {"kind": "single"}, **delivery}
    return SourceSpec.model_validate({**SHOP.model_dump(by_alias=True), "delivery": said})


def apply(tmp_path: Path, state: str = "applied") -> None:
    store = LandingStore(tmp_path / "lakehouse/landing")
    store.mark("online_shop", [unit.unit_id for unit in store.open_units("online_shop")], state)


def ids(tmp_path: Path, landed: Landed) -> list[str]:
    store = LandingStore(tmp_path / "lakehouse/landing")
    return [
        order["order_id"]
        for unit in landed.new
        for order in json.loads(store.content_path(unit).read_bytes())["orders"]
    ]


@pytest.mark.parametrize("overlap_seconds", [0, 120])
def test_records_that_come_again_unchanged_are_no_work(tmp_path: Path, overlap_seconds: int) -> None:
    shop = Shelf()
    for minute in range(5):
        shop.sell(f"A{minute}", minute)
    with serving(shop.app()) as client:
        land(tmp_path, client.base_url, source(overlap_seconds))
        apply(tmp_path)
        again = land(tmp_path, client.base_url, source(overlap_seconds))
        run = api_run(tmp_path, client.base_url)
    assert (again.new, again.seen) == ([], 1)
    assert make_plan(run).work == 0
    assert shop.asked == [None, f"2011-01-04T10:0{4 - overlap_seconds // 60}:00Z"]
    answers = (tmp_path / "lakehouse/landing/online_shop/answers.jsonl").read_text().splitlines()
    assert [json.loads(line)["records"] for line in answers] == [1 + overlap_seconds // 60]


def test_the_watermark_stays_while_any_page_is_work(tmp_path: Path) -> None:
    shop = Shelf()
    shop.sell("A1", 1)
    with serving(shop.app()) as client:
        for _ in range(3):
            land(tmp_path, client.base_url, source(0))
        apply(tmp_path)
        land(tmp_path, client.base_url, source(0))
    assert shop.asked == [None, None, None, "2011-01-04T10:01:00Z"]


def test_where_arrival_orders_statements_one_that_comes_again_is_work(tmp_path: Path) -> None:
    shop = Shelf()
    shop.sell("A1", 1)
    shop.sell("A2", 2)
    by_arrival = source(600)
    by_arrival = by_arrival.model_copy(
        update={"silver": by_arrival.silver.model_copy(update={"sequence": "received_at"})}
    )
    with serving(shop.app()) as client:
        land(tmp_path, client.base_url, by_arrival)
        del shop.orders["A1"]
        again = land(tmp_path, client.base_url, by_arrival)
    assert ids(tmp_path, again) == ["A2"]


def test_an_event_that_arrives_late_with_an_old_time_is_found_within_the_overlap(tmp_path: Path) -> None:
    shop = Shelf()
    for minute in (1, 5):
        shop.sell(f"A{minute}", minute)
    with serving(shop.app()) as client:
        land(tmp_path, client.base_url, source(240))
        apply(tmp_path)
        shop.sell("late", 3)
        second = land(tmp_path, client.base_url, source(240))
    assert "late" in ids(tmp_path, second)


def test_what_changed_lands_also_beside_what_did_not(tmp_path: Path) -> None:
    shop = Shelf()
    for status in ("open", "cancelled", "open"):
        shop.sell("A1", 1, status=status)
        shop.sell("A2", 2)
        with serving(shop.app()) as client:
            landed = land(tmp_path, client.base_url, source(600))
        apply(tmp_path)
        assert ids(tmp_path, landed) == ["A1", "A2"]


def test_a_record_with_a_key_twice_is_not_the_one_that_corrects_it(tmp_path: Path) -> None:
    shop = Shelf()
    shop.sell("A1", 1, status="open", sum="1.50")
    right = json.dumps({"orders": [*shop.orders.values()], "total": 1})
    for told in ('"status": "gone", "status": "open"', '"status": "open"'):
        for sum_of in ('"1.50"', "1.50", "1.5"):
            shop.raw = right.replace('"status": "open"', told).replace('"1.50"', sum_of)
            with serving(shop.app()) as client:
                assert len(land(tmp_path, client.base_url, source(600)).new) == 1


def test_a_record_of_a_unit_that_stands_aside_is_not_known(tmp_path: Path) -> None:
    shop = Shelf()
    shop.sell("A1", 1)
    shop.sell("A2", 2, surprise="a column that nobody agreed to")
    with serving(shop.app()) as client:
        land(tmp_path, client.base_url, source(600))
        apply(tmp_path, "quarantined")
        shop.sell("A2", 2)
        del shop.orders["A2"]
        second = land(tmp_path, client.base_url, source(600))
    assert ids(tmp_path, second) == ["A1"]


def test_a_whole_listing_lands_where_a_record_is_new(tmp_path: Path) -> None:
    shop = Shelf()
    shop.sell("A1", 1)
    with serving(shop.app()) as client:
        land(tmp_path, client.base_url, source(0, changes=None))
        shop.sell("A2", 2)
        grown = land(tmp_path, client.base_url, source(0, changes=None))
        del shop.orders["A1"]
        shrunk = land(tmp_path, client.base_url, source(0, changes=None))
    assert ids(tmp_path, grown) == ["A1", "A2"]
    assert (shrunk.new, shrunk.seen) == ([], 1)
