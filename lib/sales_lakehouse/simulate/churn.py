"""A shop that goes on selling while one reads: changes driven by the number of requests, so that runs repeat."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sales_lakehouse.simulate.documents import Json, json_text, utc_text
from sales_lakehouse.simulate.listing import Listing, Record

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

CHANGES = ("completed", "cancelled", "deleted")
"""What becomes of orders that change, in turn: corrected, cancelled, and deleted, which leaves a tombstone."""
LATE = timedelta(days=2)
_FIRST = datetime.fromisoformat("2011-01-04T08:00:00+00:00")


def synthetic_orders(count: int, seed: int = 0) -> Listing:
    """List so many invented orders, of one to four lines each, seconds apart. The same seed gives the same bytes."""
    chance = random.Random(seed)  # noqa: S311 no secret
    return Listing("orders", (_order(number, _FIRST + timedelta(seconds=number), chance) for number in range(count)))


class Churn:
    """Adds an order and changes one every so many requests, and where asked drops one without a trace.

    Every second one that is added comes late: it was ordered two days before. Those that change take turns (`CHANGES`)
    and have a version more each time, but stay orders of their day.

    `added`, `changed` and `dropped` are their ids. Which orders they are, the seed says; their times are those of the
    clock, by which a client tells what changed since it began to read.
    """

    def __init__(self, listing: Listing, every: int, seed: int = 0, *, drops: bool = False) -> None:
        self._listing, self._every, self._drops = listing, every, drops
        self._chance = random.Random(seed)  # noqa: S311 no secret
        self._requests = 0
        self._made = len(listing)
        self.is_quiet = False
        self.added: list[str] = []
        self.changed: list[str] = []
        self.dropped: list[str] = []

    def middleware(self, app: "ASGIApp") -> "ASGIApp":
        """Count the requests for listings on their way to the application."""

        async def counted(scope: "Scope", receive: "Receive", send: "Send") -> None:
            if scope["type"] == "http" and scope["path"].endswith(f"/{self._listing.name}"):
                self.tick()
            await app(scope, receive, send)

        return counted

    def tick(self) -> None:
        """Let a request pass by; every so many of them the shop changes."""
        self._requests += 1
        if self._requests % self._every == 0 and not self.is_quiet:
            self.change()

    def change(self) -> None:
        """Sell one order more, change another, and drop a third where asked."""
        now = datetime.now(UTC).replace(microsecond=0)
        changed = self._changed(self._any(), now)
        self._listing.put(changed)
        self.changed.append(changed.record_id)
        ordered_at = now - LATE if len(self.added) % 2 else now
        added = _order(self._made, now, self._chance, ordered_at=_local_text(ordered_at))
        self._made += 1
        self._listing.put(added)
        self.added.append(added.record_id)
        if self._drops:
            dropped = self._any()
            self._listing.remove(dropped.record_id)
            self.dropped.append(dropped.record_id)

    def _changed(self, order: Record, now: datetime) -> Record:
        status = CHANGES[len(self.changed) % len(CHANGES)]
        before = json.loads(order.json_text)
        told: dict[str, Json] = {"status": status, "version": before["version"] + 1, "ordered_at": before["ordered_at"]}
        tombstone: dict[str, Json] = {"lines": []} if status == "deleted" else {}
        return _order(int(order.record_id[1:]), now, self._chance, **told, **tombstone)

    def _any(self) -> Record:
        records = self._listing.after(None)
        return records[self._chance.randrange(len(records) // 2)]


def _order(number: int, updated_at: datetime, chance: random.Random, **told: Json) -> Record:
    """Invent an order; `told` stands for what else it would say."""
    lines: list[Json] = [
        {
            "line": line,
            "sku": (sku := f"{chance.randrange(100_000):05}"),
            "description": f"ITEM {sku}",
            "sold_at": told.get("ordered_at", _local_text(updated_at)),
            "quantity": chance.randint(1, 24),
            "unit_price": "1.25",
        }
        for line in range(1, chance.randint(2, 5))
    ]
    document: dict[str, Json] = {
        "order_id": f"7{number:07}",
        "version": 1,
        "status": "completed",
        "ordered_at": _local_text(updated_at),
        "updated_at": utc_text(updated_at),
        "customer_id": None,
        "country": "EIRE",
        "currency": "GBP",
        "lines": lines,
    }
    return Record(updated_at, f"7{number:07}", json_text({**document, **told}))


def _local_text(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat()
