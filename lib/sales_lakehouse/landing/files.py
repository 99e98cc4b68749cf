"""Discover the files that a partner dropped, by listing and hashing, never by a memory of names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from sales_lakehouse.errors import DeliveryError
from sales_lakehouse.landing.store import Manifest
from sales_lakehouse.specs.source import FilesDelivery

_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")


def discover_files(
    source: str, delivery: FilesDelivery, inbox: Path, only: date | None = None
) -> Iterator[tuple[Path, Manifest]]:
    """Yield each finished file of a source's inbox with the manifest it would get, sorted by name.

    Raises: DeliveryError for a file whose name does not say its business date; files before it have landed.
    """
    folder = inbox / source
    for path in sorted(folder.iterdir() if folder.is_dir() else []):
        if not path.is_file() or path.name.startswith(".") or path.name.endswith(_UNFINISHED):
            continue
        day = business_date_of(path.name, delivery)
        if day is None:
            raise DeliveryError(
                f"{source}, {path}: the name does not follow {delivery.name!r}, so its business date is unknown; "
                f"the file was left where it is and not landed; rename it or move it out of {folder}, then run again"
            )
        if only in (None, day):
            yield path, _manifest(source, path, day)


def business_date_of(name: str, delivery: FilesDelivery) -> date | None:
    """Return the business date that a file's name says; None where the name does not follow the agreed one."""
    match = _name_pattern(delivery.name).fullmatch(name)
    try:
        return date.fromisoformat(match["business_date"]) if match else None
    except ValueError:
        return None  # 2011-13-45 follows the pattern and is no date


def _manifest(source: str, path: Path, business_date: date) -> Manifest:
    return Manifest(
        source=source,
        name=path.name,
        received_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        business_date=str(business_date),
        modified_ns=path.stat().st_mtime_ns,
    )


def _name_pattern(name: str) -> re.Pattern[str]:
    before, after = name.split("{business_date}")
    return re.compile(rf"{re.escape(before)}(?P<business_date>\d{{4}}-\d\d-\d\d){re.escape(after)}")
