"""Serve the shop API from this process until it is told to end."""

import asyncio
import errno
import socket
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sales_lakehouse.simulate.errors import SimulatorError
from sales_lakehouse.simulate.health import HOST, ask_health
from sales_lakehouse.simulate.listing import Listing

if TYPE_CHECKING:
    import uvicorn

    from sales_lakehouse.simulate.churn import Churn
    from sales_lakehouse.simulate.doorkeeper import Doorkeeper
    from sales_lakehouse.simulate.faults import Fault


def bind_port(port: int) -> socket.socket:
    """Take the port on the loopback address.

    Raises: SimulatorError with the remedy when the port is not to be had.
    """
    # The protocol is named because asyncio sets TCP_NODELAY only then; else a page takes 40 ms.
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Without it a port stays closed for a minute after its last server ended.
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((HOST, port))
        # Only a listening socket keeps a second server from binding the same port.
        door.listen()
    except OSError as error:
        door.close()
        raise _no_port(port, error) from error
    return door


@dataclass(frozen=True)
class Play:
    """How the shop behaves beyond answering: who may ask, what changes meanwhile, what goes wrong on the way."""

    keeper: "Doorkeeper | None" = None
    churn: "Churn | None" = None
    fault: "Fault | None" = None
    seed: int = 0


def serve(
    listings: Iterable[Listing], door: socket.socket, page_size: int, until_stdin_ends: bool, play: Play | None = None
) -> None:
    """Answer requests at the door until a signal, or the end of standard input, says stop."""
    import uvicorn

    from sales_lakehouse.simulate.shop_api import build_app

    play = play or Play()
    config = uvicorn.Config(
        build_app(listings, page_size, play.keeper, play.churn), log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    if until_stdin_ends:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    if play.fault:
        _serve_behind(server, door, play.fault, play.seed)
    else:
        server.run(sockets=[door])


def _serve_behind(server: "uvicorn.Server", door: socket.socket, fault: "Fault", seed: int) -> None:
    """Let every answer pass a door that damages some."""
    from sales_lakehouse.simulate.faulty import FaultyDoor

    with bind_port(0) as inner:
        threading.Thread(target=server.run, kwargs={"sockets": [inner]}, daemon=True).start()
        faulty = FaultyDoor(f"http://{HOST}:{inner.getsockname()[1]}", fault, seed)
        print(f"the fault {fault.name!r} strikes from request {faulty.first_request} on", file=sys.stderr, flush=True)
        asyncio.run(faulty.serve(door))


def _end_with_stdin(server: "uvicorn.Server") -> None:
    # The parent holds the other end of the pipe: it closes however the parent dies.
    sys.stdin.buffer.read()
    server.should_exit = True


def _no_port(port: int, error: OSError) -> SimulatorError:
    if error.errno != errno.EADDRINUSE:
        return SimulatorError(
            f"port {port} on {HOST}: {error.strerror}; nothing was started, nothing was "
            "delivered; choose another port: --port 8766, with make PORT=8766"
        )
    return SimulatorError(
        f"port {port} on {HOST} is in use by {_holder(port)}; nothing was started, nothing was "
        "delivered; end that one or choose another port: --port 8766, with make PORT=8766"
    )


def _holder(port: int) -> str:
    health = ask_health(port)
    if health is None:
        return "another program"
    return (
        f"another shop API (process {health.pid}), perhaps that of a `make lab` or `make run-pipeline` that still runs"
    )
