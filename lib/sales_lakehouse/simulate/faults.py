"""What goes wrong between a client and an API, each by its name: edits of an answer, and answers that break off."""

import json
import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from functools import cache
from typing import Any, TypeAlias

from sales_lakehouse.simulate.documents import json_text

YEAR_SECONDS = 365 * 24 * 3600
WAYS_ON = ("link", "x-next-cursor", "x-next-page-token")
"""Headers that lead to the next page, in the styles that have one."""
_BOMB_BLOCKS = 256
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"


@dataclass(frozen=True)
class Reply:
    """One answer on its way. `after`: what becomes of the connection; `pause`: seconds before each eighth of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    announced: int | None = -1
    cut: int | None = None
    after: str = "keep"
    pause: float = 0

    def told(self, **headers: str) -> "Reply":
        """Return it with other headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def raw(self) -> bytes:
        """Return the bytes to send: a head, and of the body as much as is sent."""
        length = len(self.body) if self.announced == -1 else self.announced
        lines = [f"HTTP/1.1 {self.status} Told", *(f"{name}: {value}" for name, value in self.headers.items())]
        lines += [f"content-length: {length}"] if length is not None else []
        lines += ["connection: close"] if self.after != "keep" or length is None else []
        return "\r\n".join([*lines, "", ""]).encode() + self.body[: self.cut]


@dataclass
class Strike:
    """One strike: which it is, what went before, and chance."""

    number: int
    chance: random.Random
    foreign: str
    before: list[Reply] = field(default_factory=list)

    @property
    def previous(self) -> Reply | None:
        """Return the answer before this one, where there is one."""
        return self.before[-1] if self.before else None


Change: TypeAlias = Callable[[Reply, Strike], Reply]


@dataclass(frozen=True)
class Fault:
    """A fault by name. `passes`: how often it strikes before it is gone; None: it stays."""

    name: str
    description: str
    change: Change
    passes: int | None = None

    def lasting(self) -> "Fault":
        """Return the same fault, but that it stays."""
        return replace(self, passes=None)


def _throttled(header: Callable[[], str | None]) -> Change:
    def change(_: Reply, __: Strike) -> Reply:
        told = header()
        extra = {} if told is None else {"retry-after": told}
        headers = {"content-type": "application/json", "date": format_datetime(datetime.now(UTC), usegmt=True), **extra}
        return Reply(429, headers, b'{"error": "slow down"}')

    return change


def _in_a_second() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


def _broken(_: Reply, strike: Strike) -> Reply:
    return Reply(strike.chance.choice((500, 502, 503, 504)), {"content-type": "text/plain"}, b"out of order")


def _html(_: Reply, __: Strike) -> Reply:
    return Reply(200, {"content-type": "text/html"}, b"<html><body>Please log in</body></html>")


def _invalid(reply: Reply, strike: Strike) -> Reply:
    return replace(reply, body=reply.body[: strike.chance.randrange(1, len(reply.body))])


def _cut(length: bool) -> Change:
    def change(reply: Reply, strike: Strike) -> Reply:
        place = strike.chance.randrange(1, len(reply.body))
        return replace(reply, cut=place, after="close", announced=len(reply.body) if length else None)

    return change


def _document(edit: Callable[[dict[str, Any], Strike], object]) -> Change:
    """Change what the body says."""

    def change(reply: Reply, strike: Strike) -> Reply:
        document = json.loads(reply.body, parse_float=Decimal)
        edit(document, strike)
        return replace(reply, body=json_text(document).encode())

    return change


def _records(document: dict[str, Any]) -> list[Any]:
    return next(value for value in document.values() if isinstance(value, list))


def _text(old: str, new: str) -> Change:
    """Change the first record's text, where JSON in Python could not say it."""
    return lambda reply, _: replace(reply, body=reply.body.replace(old.encode(), new.encode(), 1))


def _repeat(reply: Reply, strike: Strike) -> Reply:
    return strike.previous or reply


def _loop(reply: Reply, strike: Strike) -> Reply:
    """Lead on to where the first page led."""
    first = strike.before[0] if strike.before else reply
    document, led = json.loads(reply.body, parse_float=Decimal), json.loads(first.body)
    for name in ("next_cursor", "links"):
        if name in document:
            document[name] = led[name]
    ways = {name: first.headers[name] for name in WAYS_ON if name in first.headers}
    return replace(reply, headers={**reply.headers, **ways}, body=json_text(document).encode())


def _no_next(reply: Reply, _: Strike) -> Reply:
    document = json.loads(reply.body, parse_float=Decimal)
    if "next_cursor" in document:
        document["next_cursor"] = None
    if "links" in document:
        document["links"] = {"next": None}
    headers = {name: value for name, value in reply.headers.items() if name not in WAYS_ON}
    return replace(reply, headers=headers, body=json_text(document).encode())


def _shrink(document: dict[str, Any], strike: Strike) -> None:
    document["total"] = max(0, document["total"] - 1 - strike.number)


@cache
def _packed_blanks() -> bytes:
    """Pack one block and repeat it: packing them all takes so long that a client meets a read timeout instead."""
    block = b" " * 2**20
    packer, closer = (zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS) for _ in range(2))
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(_BOMB_BLOCKS):
        checksum = zlib.crc32(block, checksum)
    tail = checksum.to_bytes(4, "little") + (_BOMB_BLOCKS * len(block)).to_bytes(4, "little")
    return _GZIP_HEAD + packed * _BOMB_BLOCKS + closer.flush() + tail


def _bomb(reply: Reply, _: Strike) -> Reply:
    return replace(reply.told(content_encoding="gzip"), body=_packed_blanks())


def _elsewhere(_: Reply, strike: Strike) -> Reply:
    return Reply(302, {"location": f"{strike.foreign}/orders"}, b"")


def _next_elsewhere(reply: Reply, strike: Strike) -> Reply:
    document = json.loads(reply.body, parse_float=Decimal)
    if "links" in document:
        document["links"] = {"next": f"{strike.foreign}/orders?page=2"}
    return replace(reply, body=json_text(document).encode()).told(link=f'<{strike.foreign}/orders?page=2>; rel="next"')


def _ahead(reply: Reply, _: Strike) -> Reply:
    return reply.told(date=format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True))


_ALL = (
    Fault("429 seconds", "Retry-After: 1", _throttled(lambda: "1"), 1),
    Fault("429 decimal", "Retry-After: 0.5", _throttled(lambda: "0.5"), 1),
    Fault("429 date", "Retry-After as a date", _throttled(_in_a_second), 1),
    Fault("429 a year", "Retry-After: a year", _throttled(lambda: f"{YEAR_SECONDS}")),
    Fault("429 rubbish", "Retry-After: soon", _throttled(lambda: "soon"), 2),
    Fault("429 none", "no Retry-After", _throttled(lambda: None), 2),
    Fault("5xx burst", "500, 502, 503 or 504, twice", _broken, 2),
    Fault("read timeout", "no byte comes", lambda reply, _: replace(reply, after="hang"), 1),
    Fault("total timeout", "the answer drips", lambda reply, _: replace(reply, pause=0.2)),
    Fault("reset", "the connection is reset", lambda reply, _: replace(reply, after="reset"), 1),
    Fault("cut with a length", "the body ends early, its length was told", _cut(length=True), 1),
    Fault("cut without a length", "the body ends early, nobody told its length", _cut(length=False), 1),
    Fault("wrong length", "a length too small", lambda reply, _: replace(reply, announced=len(reply.body) // 2), 1),
    Fault("HTML with 200", "a page for people", _html),
    Fault("invalid JSON", "the text ends in the middle", _invalid, 1),
    Fault("NaN", "a number that is none", _text('"version": 1', '"version": NaN')),
    Fault("duplicate keys", "a total told twice", _text('"total":', '"total": 1, "total":')),
    Fault("empty page", "a page without its records", _document(lambda document, _: _records(document).clear()), 1),
    Fault("repeated page", "the page before once more", _repeat, 1),
    Fault("last page for ever", "the page before, and again, and again", _repeat),
    Fault("cursor loop", "the way leads back", _loop),
    Fault("next missing", "no way on, in the middle", _no_next, 1),
    Fault("total shrinks", "less is announced on every page", _document(_shrink)),
    Fault("clock ahead", "the server's clock is a day ahead", _ahead),
    Fault("fields added", "records gain a field", _document(lambda d, _: [r.update(gift=True) for r in _records(d)])),
    Fault("large integer", "an integer beyond 64 bits", _text('"version": 1', f'"version": {2**70}')),
    Fault("gzip bomb", "a small answer that unpacks to 256 MB", _bomb),
    Fault("redirect to another host", "302 to another origin", _elsewhere),
    Fault("next on another host", "the next page at another origin", _next_elsewhere),
)
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ALL}
