"""Read JSON objects, one a line: a broken line costs itself."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from sales_lakehouse.scan.characters import UTF8_BOM
from sales_lakehouse.scan.json_records import ObjectReader
from sales_lakehouse.scan.rows import Piece, pieces_batch, scan_schema
from sales_lakehouse.scan.spool import Buffer
from sales_lakehouse.scan.totals import Totals
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.formats import NdjsonFormat
from sales_lakehouse.wording import counted

_PIECES = 20_000
_WINDOW = 16 * 2**20


class NdjsonUnit:
    """A file of lines that is read once; `broken` is known when the last batch was given out."""

    def __init__(self, content: Buffer, source: SourceSpec, form: NdjsonFormat) -> None:
        self._content, self._source, self._form = content, source, form
        self._objects = ObjectReader(source)
        self.broken = "the unit begins with a byte order mark, declared is ndjson" if self._has_bom() else None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the rows out in byte order, without their numbers."""
        schema, pieces, begin = scan_schema(self._source), [], 0
        lines = 0
        for piece in self._pieces():
            pieces.append(piece)
            if len(pieces) == _PIECES or piece.start - begin > _WINDOW:
                yield pieces_batch(pieces, schema)
                lines, pieces, begin = lines + len(pieces), [], piece.start
        if pieces:
            yield pieces_batch(pieces, schema)
        lines += len(pieces)
        if not lines:
            self.broken = "the file is empty"
        self.broken = self.broken or self._objects.broken or self._recounted(lines)

    def raw(self, start: int, length: int) -> str:
        """Return a span as text."""
        return self._content[start : start + length].decode("utf-8", errors="backslashreplace")

    def totals_differ(self, totals: Totals) -> str | None:
        """Return nothing: lines of objects have no footer."""
        del totals
        return None

    def _pieces(self) -> Iterator[Piece]:
        at, size = 0, len(self._content)
        while at < size:
            end = self._content.find(b"\n", at) + 1 or size
            # Of a line beyond the limit not even the text is made.
            line = self._content[at : min(end, at + self._form.max_record_bytes)]
            if line.strip() or end - at > len(line):
                yield self._objects.read(line.decode("utf-8", errors="surrogateescape").rstrip("\r\n"), at, end - at)
            else:
                yield Piece("blank", at, end - at)
            at = end

    def _recounted(self, lines: int) -> str | None:
        again = sum(self._content[at : at + _WINDOW].count(b"\n") for at in range(0, len(self._content), _WINDOW))
        again += self._content[-1:] != b"\n"
        if lines == again:
            return None
        found = counted(lines, "line")
        return f"counted twice with different results: the reader found {found}, the second counter {again:,}"

    def _has_bom(self) -> bool:
        return self._content[: len(UTF8_BOM)] == UTF8_BOM
