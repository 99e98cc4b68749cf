"""Room for what is larger than memory: batches of rows until the unit is judged, bytes while they are unpacked."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from os import SEEK_END
from typing import IO, TypeAlias

import pyarrow as pa

Buffer: TypeAlias = bytes | mmap.mmap
_IN_MEMORY = 128 * 2**20


class Scratch:
    """A file without a name that is written once, then read as if it were memory; it goes with its owner."""

    def __init__(self, files: ExitStack) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  its owner's stack closes it
        files.callback(self.file.close)
        self.size = 0

    def write(self, content: bytes) -> None:
        """Append bytes."""
        self.size += self.file.write(content)

    def content(self) -> Buffer:
        """Return what was written."""
        self.file.flush()
        if not self.file.seek(0, SEEK_END):
            return b""
        return mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ)


class Spool:
    """Batches in their order: the first ones in memory, the others in a file."""

    def __init__(self, schema: pa.Schema, files: ExitStack) -> None:
        self._schema, self._files = schema, files
        self._held: list[pa.RecordBatch] = []
        self._bytes = 0
        self._spilled: tuple[Scratch, pa.ipc.RecordBatchStreamWriter] | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep a batch."""
        self._bytes += batch.nbytes
        if self._bytes <= _IN_MEMORY:
            self._held.append(batch)
            return
        if self._spilled is None:
            scratch = Scratch(self._files)
            self._spilled = scratch, pa.ipc.new_stream(scratch.file, self._schema)
        self._spilled[1].write_batch(batch)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the batches out again; each is let go as it leaves."""
        self._held.reverse()
        while self._held:
            yield self._held.pop()
        if self._spilled is not None:
            scratch, writer = self._spilled
            writer.close()
            yield from pa.ipc.open_stream(pa.py_buffer(scratch.content()))
