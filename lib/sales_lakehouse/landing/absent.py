"""What a complete listing no longer holds: told by a unit of ours, since the API tells it by saying nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sales_lakehouse.files import publish
from sales_lakehouse.landing.shelf import ReadingShelf
from sales_lakehouse.landing.store import LandingStore, Manifest
from sales_lakehouse.specs.formats import JsonFormat
from sales_lakehouse.specs.source import SourceSpec


def put_absent(store: LandingStore, source: SourceSpec, ids: frozenset[str], shelf: ReadingShelf) -> list[Manifest]:
    """Land a tombstone for each id that the complete reading before had and this one has not.

    It is one unit, in the source's own format, named by both readings. Only a source that is read whole each time
    (`delivery.absent`) has any.
    """
    if not source.compares_listings:
        return []
    path = store.root / source.source / ".listed.json"
    before: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"reading": "", "ids": []}
    gone = sorted(set(before["ids"]) - ids)
    new = []
    if gone:
        name = f"gone by the reading of {shelf.began.isoformat(timespec='seconds')}"
        manifest = Manifest(source.source, name, shelf.began.isoformat(timespec="microseconds"), reading=shelf.reading)
        kept = store.put(_tombstones(source, gone, before["reading"]), manifest)
        new = [kept] if kept else []
    # Last: a process killed before finds the same ids gone once more, and lands the same bytes.
    publish(path, json.dumps({"reading": shelf.reading, "ids": sorted(ids)}).encode())
    return new


def _tombstones(source: SourceSpec, ids: Iterable[str], since: str) -> bytes:
    """Write them as the API writes records. The mark makes an id that goes again another statement."""
    deleted, named = source.silver.deleted, source.compares_listings
    told = {} if deleted is None else {deleted.column: deleted.values[0]}
    nothing = dict.fromkeys(source.columns)
    body: object = [{**nothing, **told, named: each} for each in ids]
    records = source.format.records if isinstance(source.format, JsonFormat) else None
    for key in reversed((records or "records").split(".")):
        body = {key: body, "gone_since_reading": since}
    return json.dumps(body, ensure_ascii=False).encode()
