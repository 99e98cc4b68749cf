"""Read one JSON document with a list of records.

What stands around the list is header and footer, what stands between its records is blank.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from sales_lakehouse.scan.broken import Refusal, UnitBroken
from sales_lakehouse.scan.characters import UTF8_BOM
from sales_lakehouse.scan.json_records import ObjectReader
from sales_lakehouse.scan.json_structure import BLANKS, find_items, find_list
from sales_lakehouse.scan.json_text import decode_object
from sales_lakehouse.scan.recount import recount_items
from sales_lakehouse.scan.rows import Piece, pieces_batch, scan_schema
from sales_lakehouse.scan.spool import Buffer
from sales_lakehouse.scan.totals import Totals
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.formats import JsonFormat

_PIECES = 20_000


class JsonUnit:
    """A document that is read once; `broken` is known when the last batch was given out.

    Raises: UnitBroken when the document has no such list, or does not hold together around it.
    """

    def __init__(self, content: Buffer, source: SourceSpec, form: JsonFormat) -> None:
        if len(content) > form.max_document_bytes:
            raise UnitBroken(
                f"a document of {len(content):,} bytes, at most {form.max_document_bytes:,} are read "
                "(max_document_bytes); ask for ndjson"
            )
        if content[: len(UTF8_BOM)] == UTF8_BOM:
            raise UnitBroken("another encoding than declared: the document begins with a byte order mark")
        self._content, self._source = content, source
        # What is no UTF-8 stays in the text as half a surrogate pair, and costs the record it stands in.
        self._text = content[:].decode("utf-8", errors="surrogateescape")
        self._objects = ObjectReader(source)
        self.broken: str | None = None
        path = form.records.split(".") if form.records else []
        try:
            begin = find_list(self._text, path)
            self._spans, end = find_items(self._text, begin)
            self._check_envelope(begin, end, form)
        except (Refusal, RecursionError) as cause:
            where = f"one JSON object with a list {form.records!r}" if path else "one JSON list"
            raise UnitBroken(f"not {where}: {cause}") from cause
        self._list = (begin, end)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the rows out in byte order, without their numbers."""
        schema = scan_schema(self._source)
        pieces: list[Piece] = []
        for piece in self._pieces():
            pieces.append(piece)
            if len(pieces) == _PIECES:
                yield pieces_batch(pieces, schema)
                pieces = []
        if pieces:
            yield pieces_batch(pieces, schema)
        self.broken = self._objects.broken or self._recounted()

    def raw(self, start: int, length: int) -> str:
        """Return a span as text."""
        return self._content[start : start + length].decode("utf-8", errors="backslashreplace")

    def totals_differ(self, totals: Totals) -> str | None:
        """Return nothing: what a page announces was held against it when it was landed."""
        del totals
        return None

    def _pieces(self) -> Iterator[Piece]:
        position, byte = 0, 0
        for start, end in self._spans:
            between = _size(self._text[position:start])
            yield Piece("blank" if position else "header", byte, between)
            length = _size(self._text[start:end])
            yield self._objects.read(self._text[start:end], byte + between, length)
            position, byte = end, byte + between + length
        yield Piece("footer", byte, _size(self._text[position:]))

    def _check_envelope(self, begin: int, end: int, form: JsonFormat) -> None:
        """Read the document with its list taken out, as strictly as a record."""
        if form.records:
            decode_object(f"{self._text[:begin]}[]{self._text[end:]}")
        elif self._text[:begin].strip(BLANKS) or self._text[end:].strip(BLANKS):
            raise Refusal(f"text around the list, from character {end} on")
        rest = self._text[:begin] + self._text[end:]
        if not rest.isascii() and any("\udc80" <= sign <= "\udcff" for sign in rest):
            raise Refusal("it is not UTF-8")

    def _recounted(self) -> str | None:
        begin, end = self._list
        counted = recount_items(self._text[begin:end].encode("utf-8", errors="surrogateescape"))
        if counted == len(self._spans):
            return None
        found = len(self._spans)
        return f"counted twice with different results: the reader found {found:,} items, the second counter {counted:,}"


def _size(text: str) -> int:
    return len(text.encode("utf-8", errors="surrogateescape"))
