"""Where a lease is kept: numbered entries, of which each is created by one writer only. The newest holds."""

from __future__ import annotations

import errno
import os
import re
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sales_lakehouse.errors import StoreError

POSSESSION = "LAKEHOUSE_LEASE"
"""The environment variable that tells a task which entry its run holds."""
FOLDER = "ops/lease"
_ENTRY = re.compile(r"(\d{12})\.json")
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


class LeaseStore(Protocol):
    """A place that creates an entry only where there is none."""

    @property
    def place(self) -> str:
        """Return where the entries are, for messages."""

    def prove(self) -> None:
        """Raise StoreError where a second writer could create the same entry."""

    def numbers(self) -> list[int]:
        """Return the numbers of the entries that are there, ascending."""

    def read(self, number: int) -> bytes | None:
        """Return an entry; None where it is gone."""

    def create(self, number: int, content: bytes) -> bool:
        """Create an entry whole; tell whether there was none."""

    def write(self, number: int, content: bytes) -> None:
        """Put an entry in place of what was there."""

    def remove(self, number: int) -> None:
        """Take an entry away; it may be gone already."""


def store_at(root: str) -> LeaseStore:
    """Return the store of a lakehouse: a folder of this machine, or a bucket.

    Raises: StoreError when nothing here can speak to a bucket.
    """
    if "://" not in root:
        return FolderStore(Path(root))
    from sales_lakehouse.lease.bucket import BucketStore

    return BucketStore.at(root)


def entry_name(number: int) -> str:
    """Return the name of an entry; names sort as numbers do."""
    return f"{number:012}.json"


def entry_number(name: str) -> int | None:
    """Return the number of an entry's name; None for anything else that stands beside."""
    found = _ENTRY.fullmatch(name)
    return int(found[1]) if found else None


@dataclass(frozen=True)
class FolderStore:
    """Entries as files: a finished draft is linked to its name, which fails where the name is taken."""

    root: Path

    @property
    def place(self) -> str:
        """Return the folder of the entries."""
        return str(self._folder)

    def prove(self) -> None:
        """Do nothing: `create` itself tells when the folder has no links."""

    def numbers(self) -> list[int]:
        """Return the numbers of the entries."""
        paths = self._folder.iterdir() if self._folder.is_dir() else ()
        return sorted(number for path in paths if (number := entry_number(path.name)) is not None)

    def read(self, number: int) -> bytes | None:
        """Return an entry."""
        try:
            return self._path(number).read_bytes()
        except FileNotFoundError:
            return None

    def create(self, number: int, content: bytes) -> bool:
        """Link a finished draft to the entry's name."""
        draft = self._draft(content)
        try:
            self._path(number).hardlink_to(draft)
        except FileExistsError:
            return False
        except OSError as cause:
            if cause.errno in _NO_LINKS:
                raise StoreError(_no_links(self.place, cause)) from cause
            raise
        finally:
            draft.unlink(missing_ok=True)
        return True

    def write(self, number: int, content: bytes) -> None:
        """Rename a finished draft to the entry's name."""
        self._draft(content).replace(self._path(number))

    def remove(self, number: int) -> None:
        """Unlink the entry."""
        self._path(number).unlink(missing_ok=True)

    @property
    def _folder(self) -> Path:
        return self.root / FOLDER

    def _path(self, number: int) -> Path:
        return self._folder / entry_name(number)

    def _draft(self, content: bytes) -> Path:
        """Write a file that no power cut leaves half; one that cannot be written leaves nothing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f".{uuid.uuid4().hex}.draft"
        try:
            with path.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise
        return path


def _no_links(place: str, cause: OSError) -> str:
    return (
        f"{place}: this file system has no hard links ({cause.strerror}), so two writers could both hold the lease; "
        "nothing was started or written; keep lakehouse_root on another disk"
    )
