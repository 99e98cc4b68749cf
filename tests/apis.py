"""Read a simulated API into a landing folder, as the chain does, and look at what landed."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sales_lakehouse.landing import Landed, LandingStore, land_source
from sales_lakehouse.run import Run
from sales_lakehouse.simulate.faulty import FaultyDoor
from sales_lakehouse.simulate.listing import Listing
from sales_lakehouse.simulate.server import bind_port
from sales_lakehouse.specs import SourceSpec, load_source
from tests.conftest import PIPELINES

SHOP = load_source(PIPELINES / "sources/online_shop.yml")
PAGING: dict[str, dict[str, object]] = {
    "page-from-1": {"kind": "page"},
    "page-from-0": {"kind": "page", "first": 0},
    "offset": {"kind": "offset"},
    "link-header": {"kind": "link"},
    "next-url": {"kind": "next_url", "at": "links.next"},
    "cursor-body": {"kind": "cursor", "at": "next_cursor", "parameter": "cursor"},
    "cursor-header": {"kind": "cursor", "header": "X-Next-Cursor", "parameter": "cursor"},
    "cursor-post": {"kind": "cursor", "at": "next_cursor", "field": "cursor"},
    "token-header": {"kind": "cursor", "header": "X-Next-Page-Token", "parameter": "page_token"},
    "after-id": {"kind": "keyset"},
    "single": {"kind": "single"},
}
"""How a source file says each style of the simulator."""


def api_source(style: str, silver: dict[str, object] | None = None, **delivery: object) -> SourceSpec:
    """Return the shop's source file, its delivery said for a style of the simulator."""
    shop = SHOP.model_dump(by_alias=True)
    said = {**shop["delivery"], "path": f"/styles/{style}/orders", "paging": PAGING[style], **delivery}
    return SourceSpec.model_validate({**shop, "delivery": said, "silver": {**shop["silver"], **(silver or {})}})


def api_run(tmp_path: Path, url: object) -> Run:
    """Return a run whose shop is at this address."""
    places = {"lakehouse_root": f"{tmp_path / 'lakehouse'}", "inbox_root": f"{tmp_path / 'inbox'}"}
    return Run.of(
        {**places, "run_id": "r1", "pipelines_root": str(PIPELINES), "connections": json.dumps({"shop_api": f"{url}"})}
    )


def land(tmp_path: Path, url: object, source: SourceSpec) -> Landed:
    """Read the API once."""
    return land_source(api_run(tmp_path, url), source)


def landed_orders(tmp_path: Path) -> dict[str, Any]:
    """Return every order that landed, as it was told last."""
    store = LandingStore(tmp_path / "lakehouse/landing")
    pages = (json.loads(store.content_path(unit).read_bytes()) for unit in store.manifests("online_shop"))
    orders = [order for page in pages for order in page["orders"]]
    return {order["order_id"]: order for order in sorted(orders, key=lambda order: str(order["updated_at"] or "9999"))}


def true_orders(listing: Listing) -> dict[str, Any]:
    """Return what the shop holds."""
    return {record.record_id: json.loads(record.json_text) for record in listing.after(None)}


@contextmanager
def behind(door: FaultyDoor) -> Iterator[str]:
    """Let a door pass requests on, from a thread of this process; give its address."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    with bind_port(0) as listening:
        port = listening.getsockname()[1]
        task = loop.create_task(door.serve(listening.dup(), ready.set))

        def run() -> None:
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        ready.wait(10)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            loop.call_soon_threadsafe(_end, loop, task)
            thread.join(10)
            loop.close()


def _end(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
    for each in asyncio.all_tasks(loop):
        each.cancel()
    task.cancel()
