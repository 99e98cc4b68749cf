"""A door before a server through which every answer passes, some of them damaged: a proxy at the level of bytes."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import httpx

from sales_lakehouse.simulate.faults import Fault, Reply, Strike

_DROPPED = {"content-length", "transfer-encoding", "connection", "content-encoding", "server"}
_PIECES = 8
_HANG_SECONDS = 30.0
Head: TypeAlias = tuple[str, str, dict[str, str], bytes]


@dataclass
class FaultyDoor:
    """Passes requests on to `origin`; from the page that chance chooses on, its fault strikes.

    `requests` counts what came, `strikes` the answers that were spoilt; `heads` keeps every request's
    first line and headers, as a sink does.
    """

    origin: str
    fault: Fault | None = None
    seed: int = 0
    foreign: str = "http://localhost:9"
    pages: int = 4
    requests: int = 0
    strikes: int = 0
    heads: list[str] = field(default_factory=list)
    _before: list[Reply] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Choose where to strike."""
        self._chance = random.Random(f"{self.seed}")  # noqa: S311 no secret
        self._first = self._chance.randrange(self.pages)

    @property
    def first_request(self) -> int:
        """Return the number of the first request that the fault may strike, from 1."""
        return self._first + 1

    async def serve(self, door: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
        """Answer until the task is cancelled."""
        server = await asyncio.start_server(self._talk, sock=door)
        ready()
        async with server:
            await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with httpx.AsyncClient(base_url=self.origin, trust_env=False) as client:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(client, reader, writer):
                    pass
        writer.close()

    async def _exchange(
        self, client: httpx.AsyncClient, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        method, target, headers, body = await _read_request(reader)
        self.heads.append(f"{method} {target}\n" + "\n".join(f"{name}: {value}" for name, value in headers.items()))
        passed = {name: value for name, value in headers.items() if name not in ("content-length", "accept-encoding")}
        found = await client.request(method, target, headers=passed, content=body)
        kept = {name: value for name, value in found.headers.items() if name not in _DROPPED}
        reply = self._struck(Reply(found.status_code, kept, found.content))
        return await _send(reply, writer)

    def _struck(self, reply: Reply) -> Reply:
        number, self.requests = self.requests, self.requests + 1
        fault = self.fault
        if fault is None or number < self._first or (fault.passes is not None and self.strikes >= fault.passes):
            self._before.append(reply)
            return reply
        changed = fault.change(reply, Strike(self.strikes, self._chance, self.foreign, self._before))
        if changed == reply:
            # Nothing to spoil in this answer: a fault that passes is still to come.
            self._before.append(reply)
            return reply
        self.strikes += 1
        return changed


async def _read_request(reader: asyncio.StreamReader) -> Head:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return method, target, headers, body


async def _send(reply: Reply, writer: asyncio.StreamWriter) -> bool:
    """Send an answer as it is told; return whether the connection stays."""
    act: dict[str, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {"hang": _hang, "reset": _reset}
    if reply.after in act:
        await act[reply.after](writer)
        return False
    raw = reply.raw()
    size = len(raw) // _PIECES + 1 if reply.pause else len(raw)
    for start in range(0, len(raw), size):
        await asyncio.sleep(reply.pause)
        writer.write(raw[start : start + size])
        await writer.drain()
    # More bytes than were told would be read as the next answer: that connection is done.
    return reply.after == "keep" and reply.announced in (-1, len(reply.body))


async def _hang(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(_HANG_SECONDS)


async def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    # Lingering for no time makes the system send RST in place of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
