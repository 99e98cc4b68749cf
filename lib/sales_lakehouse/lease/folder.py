"""The lease in a folder of this machine: a hard link to a name that is taken fails."""

from __future__ import annotations

import errno
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sales_lakehouse.errors import StoreError
from sales_lakehouse.lease.store import FOLDER, entry_name, entry_number

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


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
