"""Land one source's delivery: the one public step of this room."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sales_lakehouse.landing.children import land_children
from sales_lakehouse.landing.files import discover_files
from sales_lakehouse.landing.landed import Landed
from sales_lakehouse.landing.pages import land_pages
from sales_lakehouse.landing.store import LandingStore, Manifest
from sales_lakehouse.rest import Tell
from sales_lakehouse.run import Run
from sales_lakehouse.specs.files import FilesDelivery
from sales_lakehouse.specs.source import SourceSpec


def land_source(run: Run, source: SourceSpec, tell: Tell | None = None) -> Landed:
    """Keep what the source delivers now, byte for byte; what was landed before is only counted.

    `tell` hears how far the reading of an API is.
    Raises: DeliveryError or ApiError when the source cannot be read; what landed before the error stays.
    """
    delivery = source.delivery
    if isinstance(delivery, FilesDelivery):
        return _land_files(run, source.source, delivery)
    if delivery.parents:
        return land_children(run, source, delivery, delivery.parents, tell)
    return land_pages(run, source, delivery, tell)


def _land_files(run: Run, source: str, delivery: FilesDelivery) -> Landed:
    store = LandingStore(run.landing_root)
    known, newest = store.known_files(source), store.newest_arrival(source)
    new, seen = [], 0
    for path, manifest in discover_files(source, delivery, run.inbox_root, run.business_date):
        kept = None
        if (manifest.name, manifest.modified_ns) not in known:
            received = _after(newest, manifest)
            kept, newest = store.put(path.read_bytes(), received), received.received_at
        if kept:
            new.append(kept)
        else:
            seen += 1
    return Landed(new, seen)


def _after(newest: str, manifest: Manifest) -> Manifest:
    """Let a file be received after what was there before, also where the clock was set back since.

    Of two files about one day the later wins, and the one that corrects came later.
    """
    if not newest or datetime.fromisoformat(newest) < datetime.fromisoformat(manifest.received_at):
        return manifest
    moment = datetime.fromisoformat(newest) + timedelta(microseconds=1)
    return replace(manifest, received_at=moment.isoformat(timespec="microseconds"))
