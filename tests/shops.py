"""Start a real shop API for a test: its own process, a free port, a bundle of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from sales_lakehouse.simulate.churn import Churn
from sales_lakehouse.simulate.doorkeeper import Doorkeeper
from sales_lakehouse.simulate.listing import Listing
from sales_lakehouse.simulate.server import bind_port
from sales_lakehouse.simulate.shop_api import build_app
from tests.samples import SAMPLES, sample_days

SIMULATE = (sys.executable, "-m", "sales_lakehouse.commands.simulate")


def make_bundle(folder: Path, days: Iterable[str] | None = None) -> Path:
    """Make a bundle that has nothing but the samples, all or those of some days."""
    samples = folder / "pipelines/samples/online-retail"
    samples.mkdir(parents=True)
    for day in sample_days() if days is None else days:
        shutil.copy(SAMPLES / f"{day}.csv", samples)
    (folder / "databricks.yml").touch()
    return folder


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
    return port


@contextmanager
def running_shop(bundle: Path, *options: str) -> Iterator[httpx.Client]:
    """Keep `simulate shop-api` running and give a client of it."""
    port = free_port()
    command = [*SIMULATE, "shop-api", "--port", f"{port}", "--bundle", f"{bundle}", *options]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_until_up(client)
            yield client
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def served(
    listings: Iterable[Listing], keeper: Doorkeeper | None = None, churn: Churn | None = None
) -> Iterator[httpx.Client]:
    """Serve listings over HTTP from a thread of this process: for many worlds in one test."""
    app = build_app(listings, 100, keeper, churn)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    with bind_port(0) as door:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{door.getsockname()[1]}", trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(10)


def ask(shop: httpx.Client, listing: str, **query: str | int) -> Any:
    """Ask for a page of a listing; numbers with a point stay text."""
    answer = shop.get(f"/{listing}", params=query).raise_for_status()
    return json.loads(answer.text, parse_float=str)


def walk(shop: httpx.Client, listing: str, **query: str | int) -> list[Any]:
    """Ask for all pages of a listing."""
    first = ask(shop, listing, **query)
    pages = [first] + [ask(shop, listing, page=n, **query) for n in range(2, first["pages"] + 1)]
    records = [record for page in pages for record in page[listing]]
    assert [page["page"] for page in pages] == list(range(1, max(first["pages"], 1) + 1))
    assert {page["total"] for page in pages} == {len(records)}
    return records


def wait_until_up(client: httpx.Client, seconds: float = 20) -> None:
    """Wait until the shop answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            client.get("/health").raise_for_status()
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Tell whether a process of this number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int, seconds: float = 10) -> bool:
    """Wait for a process to end; tell whether it did. One that stays is killed."""
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    gone = not is_alive(pid)
    if not gone:
        os.kill(pid, signal.SIGKILL)
    return gone
