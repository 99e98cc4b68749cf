"""Discover the files that a partner dropped, by listing and hashing, never by a memory of names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from sales_lakehouse.errors import DeliveryError
from sales_lakehouse.landing.store import Manifest
from sales_lakehouse.specs.files import FilesDelivery, SideFile

_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")


def discover_files(
    source: str, delivery: FilesDelivery, inbox: Path, only: date | None = None
) -> Iterator[tuple[Path, Manifest]]:
    """Yield each finished file of a source's inbox with the manifest it would get, sorted by name.

    A file whose side file has not arrived is not finished.
    Raises: DeliveryError for a file whose name does not say its business date, or whose side file states nothing; files
    before it have landed.
    """
    folder = inbox / source
    for path in sorted(folder.iterdir() if folder.is_dir() else []):
        if not _is_finished(path, delivery):
            continue
        day = delivery.date_in(path.name)
        if day is None:
            raise DeliveryError(
                f"{source}, {path}: the name does not follow {delivery.name!r}, so its business date is unknown; "
                f"the file was left where it is and not landed; rename it or move it out of {folder}, then run again"
            )
        if only in (None, day):
            yield path, _manifest(source, path, day, delivery)


def side_file_of(path: Path, delivery: FilesDelivery) -> Path | None:
    """Return where the file that states a delivery's totals stands beside it; None where none is agreed."""
    return path.with_name(path.name + delivery.side_file.suffix) if delivery.side_file else None


def stated_of(source: str, path: Path, delivery: FilesDelivery) -> dict[str, str]:
    """Return what the partner states of a file: in its name, and in the file beside it.

    Raises: DeliveryError when the file beside it states nothing.
    """
    stated = delivery.said_in(path.name) or {}
    stated.pop("business_date", None)
    beside = side_file_of(path, delivery)
    return stated | _stated_beside(source, beside, delivery.side_file) if beside and delivery.side_file else stated


def _is_finished(path: Path, delivery: FilesDelivery) -> bool:
    if not path.is_file() or path.name.startswith(".") or path.name.endswith(_UNFINISHED):
        return False
    side, beside = delivery.side_file, side_file_of(path, delivery)
    return side is None or beside is None or (not path.name.endswith(side.suffix) and beside.is_file())


def _manifest(source: str, path: Path, business_date: date, delivery: FilesDelivery) -> Manifest:
    stated = stated_of(source, path, delivery)
    files = (path, side_file_of(path, delivery))
    return Manifest(
        source=source,
        name=path.name,
        received_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        business_date=str(business_date),
        modified_ns=max(each.stat().st_mtime_ns for each in files if each),
        stated=stated,
    )


def _stated_beside(source: str, beside: Path, side: SideFile) -> dict[str, str]:
    text = beside.read_text(encoding="utf-8", errors="replace")
    match = re.search(side.pattern, text)
    if match is None:
        raise DeliveryError(
            f"{source}, {beside}: expected {side.pattern!r} in it, found {text[:80]!r}; its delivery was left where it "
            "is and not landed; ask the partner for the totals, or mend side_file in the source's file, then run again"
        )
    return {name: said for name, said in match.groupdict().items() if said is not None}
