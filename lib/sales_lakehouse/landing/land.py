"""Land one source's delivery: the one public step of this room."""

from __future__ import annotations

from sales_lakehouse.landing.children import land_children
from sales_lakehouse.landing.files import discover_files
from sales_lakehouse.landing.landed import Landed
from sales_lakehouse.landing.pages import land_pages
from sales_lakehouse.landing.store import LandingStore
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
    known = store.known_files(source)
    new, seen = [], 0
    for path, manifest in discover_files(source, delivery, run.inbox_root, run.business_date):
        kept = None
        if (manifest.name, manifest.modified_ns) not in known:
            kept = store.put(path.read_bytes(), manifest)
        if kept:
            new.append(kept)
        else:
            seen += 1
    return Landed(new, seen)
