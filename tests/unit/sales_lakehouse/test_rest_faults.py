"""What goes wrong between a client and an API: the exact records, or a failure that names the fault."""

import os
import random
import re
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from sales_lakehouse.errors import ApiError
from sales_lakehouse.simulate.churn import Churn, synthetic_orders
from sales_lakehouse.simulate.faults import FAULTS
from sales_lakehouse.simulate.faulty import FaultyDoor
from tests.apis import PAGING, api_source, behind, land, landed_orders, true_orders
from tests.conftest import PIPELINES
from tests.shops import served

SEEDS = range(20 if os.environ.get("TORTURE") else 1)
LIMITS = {
    "wait_seconds": 2,
    "page_bytes": 2**20,
    "pages": 50,
}
SHORT = {"read timeout": {"read_seconds": 1}, "total timeout": {"total_seconds": 0.8}}
"""Bounds that a fault needs to be met soon; elsewhere a busy machine would meet them."""
STYLES = [style for style in PAGING if style != "single"]
NAMED = {
    "429 a year": "throttled: asks to wait 31,536,000 s",
    "total timeout": "total timeout",
    "HTML with 200": "HTML instead of JSON",
    "duplicate keys": "duplicate keys",
    "last page for ever": "(short reading|repeated page|loop|shifting listing)",
    "cursor loop": "(loop|repeated page|short reading)",
    "total shrinks": "(short reading|shifting listing)",
    "gzip bomb": "too large",
    "redirect to another host": "another origin",
}
"""Faults that stay, and by which name each reading of a walk ends; the others end with every record."""
BY_URL = ["link-header", "next-url"]
LED = [*BY_URL, "cursor-body", "cursor-header", "cursor-post", "token-header"]
"""Styles in which an answer leads to the next page."""
STRUCK = {"cursor loop": LED, "next missing": LED}
"""Faults that spoil such a leading, and so nothing in any other style."""


def expected_of(name: str, style: str) -> str | None:
    """Return the name by which a reading ends; None where it ends with every record."""
    if name == "next on another host":
        return "another origin" if style in BY_URL else None
    return NAMED.get(name)


def test_the_page_of_faults_tells_all_of_them() -> None:
    page = (PIPELINES.parent / "docs/rest.md").read_text().split("## A server that misbehaves")[1]
    told = re.findall(r"(?m)^\| `([^`]+)` \| (.+?) \| .+ \|$", page)
    assert told == [(fault.name, fault.description) for fault in FAULTS.values()]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_no_record_or_is_named(tmp_path: Path, name: str, seed: int) -> None:
    style = random.Random(f"{name} {seed}").choice(STRUCK.get(name, STYLES))
    listing = synthetic_orders(60, seed)
    expected = expected_of(name, style)
    door = FaultyDoor("", FAULTS[name], seed)
    with served([listing]) as shop, behind(door) as url:
        door.origin = str(shop.base_url)
        source = api_source(style, page_size=10, limits={**LIMITS, **SHORT.get(name, {})})
        if expected:
            with pytest.raises(ApiError, match=f": {expected}.*the watermark stays where it was"):
                land(tmp_path, url, source)
            assert set(landed_orders(tmp_path)) <= set(true_orders(listing))
        else:
            land(tmp_path, url, source)
            assert set(landed_orders(tmp_path)) == set(true_orders(listing))
    assert door.strikes >= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_server_that_takes_no_call_is_a_connect_timeout(tmp_path: Path, seed: int) -> None:
    style = random.Random(seed).choice(STYLES)
    with socket.socket() as door, ExitStack() as callers:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        for _ in range(4):  # the queue is full then, and further calls are not answered
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(door.getsockname())
        source = api_source(style, limits={"connect_seconds": 0.3, "attempts": 2})
        with pytest.raises(ApiError, match=r"connect timeout: nothing came for 0\.3 s; .*run the job again"):
            land(tmp_path, f"http://127.0.0.1:{door.getsockname()[1]}", source)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("style", ["page-from-1", "offset", "cursor-body"])
def test_a_listing_that_gains_and_loses_records_while_it_is_read_is_complete_or_named(
    tmp_path: Path, style: str, seed: int
) -> None:
    listing = synthetic_orders(500, seed)
    churn = Churn(listing, every=5, seed=seed, drops=True)
    source = api_source(style, page_size=50, parameters={"sort": "updated_at"}, limits={"walks": 6})
    with served([listing], churn=churn) as shop:
        with pytest.raises(ApiError, match=r"(short reading|shifting listing): .*the watermark stays where it was"):
            land(tmp_path, shop.base_url, source)
        churn.is_quiet = True
        land(tmp_path, shop.base_url, source)
    assert set(landed_orders(tmp_path)) >= set(true_orders(listing))
