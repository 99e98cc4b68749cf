"""Open the bytes of a landed unit where it is read: paged in from a disk, fetched from an object store."""

from __future__ import annotations

import mmap
from pathlib import Path

from pyarrow.fs import FileSystem


def open_content(path: str) -> bytes | mmap.mmap:
    """Return a file's bytes; those of a disk are not copied into memory."""
    if "://" in path:
        store, name = FileSystem.from_uri(path)
        with store.open_input_stream(name) as stream:
            return bytes(stream.read())
    with Path(path).open("rb") as file:
        # An empty file cannot be mapped.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if Path(path).stat().st_size else b""
