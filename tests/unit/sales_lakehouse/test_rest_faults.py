"""What goes wrong between a client and an API: the exact records, or a failure that names the fault."""

import os
import random
import re
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from sales_lakehouse.errors import ApiError
from sales_lakehouse.simulate.churn import synthetic_orders
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
    "total shrinks": "(short reading|shifting listing)",
    "gzip bomb": "too large",
    "redirect to another host": "another origin",
}
"""Faults that stay, and by which name each reading of a walk ends; the others end with every record."""
BY_URL = {"link-header", "next-url"}
OF_A_WAY = {
    "cursor loop": (BY_URL | {"cursor-body", "cursor-post"}, "(loop|repeated page|short reading)"),
    "next on another host": (BY_URL, "another origin"),
}
"""Faults that stay where an answer leads to the next page, with the styles whose leading they spoil."""


def expected_of(name: str, style: str) -> str | None:
    """Return the name by which a reading ends; None where it ends with every record."""
    styles, told = OF_A_WAY.get(name, (set(), None))
    return told if style in styles else NAMED.get(name)


def test_the_page_of_faults_tells_all_of_them() -> None:
    page = (PIPELINES.parent / "docs/rest.md").read_text().split("## A server that misbehaves")[1]
    told = re.findall(r"(?m)^\| `([^`]+)` \| (.+?) \| .+ \|$", page)
    assert told == [(fault.name, fault.description) for fault in FAULTS.values()]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_no_record_or_is_named(tmp_path: Path, name: str, seed: int) -> None:
    style = random.Random(f"{name} {seed}").choice(STYLES)
    listing = synthetic_orders(60, seed)
    expected = expected_of(name, style)
    with served([listing]) as shop, behind(FaultyDoor(str(shop.base_url), FAULTS[name], seed)) as url:
        source = api_source(style, page_size=10, limits={**LIMITS, **SHORT.get(name, {})})
        if expected:
            with pytest.raises(ApiError, match=f": {expected}.*the watermark stays where it was"):
                land(tmp_path, url, source)
            assert set(landed_orders(tmp_path)) <= set(true_orders(listing))
        else:
            land(tmp_path, url, source)
            assert set(landed_orders(tmp_path)) == set(true_orders(listing))


def test_a_server_that_takes_no_call_is_a_connect_timeout(tmp_path: Path) -> None:
    with socket.socket() as door, ExitStack() as callers:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        for _ in range(4):  # the queue is full then, and further calls are not answered
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(door.getsockname())
        source = api_source("single", limits={"connect_seconds": 0.3, "attempts": 2})
        with pytest.raises(ApiError, match=r"connect timeout: nothing came for 0\.3 s; .*run the job again"):
            land(tmp_path, f"http://127.0.0.1:{door.getsockname()[1]}", source)
