"""Land one source's delivery: the one public step of this room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing.files import discover_files
from sales_lakehouse.landing.rest import Page, read_pages
from sales_lakehouse.landing.store import LandingStore, Manifest
from sales_lakehouse.run import Run
from sales_lakehouse.specs.formats import JsonFormat
from sales_lakehouse.specs.source import FilesDelivery, RestDelivery, SourceSpec


@dataclass(frozen=True)
class Landed:
    """What one landing step brought."""

    new: list[Manifest]
    seen: int

    def as_rows(self) -> list[dict[str, object]]:
        """Return one row per new unit, for display."""
        return [
            {"name": m.name, "unit": m.unit_id[:12], "bytes": m.size_bytes, "corrects": (m.corrects or "")[:12]}
            for m in self.new
        ]


def land_source(run: Run, source: SourceSpec) -> Landed:
    """Keep what the source delivers now, byte for byte; what was landed before is only counted.

    Raises: DeliveryError or ApiError when the source cannot be read; what landed before the error stays.
    """
    store = LandingStore(run.landing_root)
    if isinstance(source.delivery, FilesDelivery):
        return _land_files(run, source.source, source.delivery, store)
    return _land_pages(run, source, source.delivery, store)


def _land_files(run: Run, source: str, delivery: FilesDelivery, store: LandingStore) -> Landed:
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


def _land_pages(run: Run, source: SourceSpec, delivery: RestDelivery, store: LandingStore) -> Landed:
    base_url = run.connections.get(delivery.connection)
    if base_url is None:
        names = ", ".join(run.connections) or "none"
        raise ParameterError(f"{source.source}: connection {delivery.connection!r} is not among connections ({names})")
    records_key = (isinstance(source.format, JsonFormat) and source.format.records) or ""
    since = newest = _watermark(store, source.source) if delivery.watermark_parameter else None
    new, seen = [], 0
    for page in read_pages(source.source, delivery, base_url, records_key, since):
        newest = max([*(str(record[delivery.watermark]) for record in page.records), newest or ""])
        manifest = _page_manifest(source.source, delivery, page, since, newest)
        kept = store.put(page.content, manifest) if page.records else None
        if kept:
            new.append(kept)
        elif page.records:
            seen += 1
        else:
            store.note_answer(source.source, {"url": page.url, "received_at": manifest.received_at, "records": 0})
    return Landed(new, seen)


def _page_manifest(source: str, delivery: RestDelivery, page: Page, since: str | None, newest: str) -> Manifest:
    # The watermark moves with the last page only: an interrupted reading starts again where it started.
    return Manifest(
        source=source,
        name=f"{delivery.path.strip('/')} since {since or 'the beginning'}, page {page.number}",
        received_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        request={"url": page.url},
        headers=page.headers,
        status=page.status,
        cursor_in=since,
        cursor_out=newest if page.is_last else None,
    )


def _watermark(store: LandingStore, source: str) -> str | None:
    return max((manifest.cursor_out for manifest in store.manifests(source) if manifest.cursor_out), default=None)
