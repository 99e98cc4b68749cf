"""Read single records of a file: the careful way, for what the fast one does not take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from sales_lakehouse.scan.broken import Refusal
from sales_lakehouse.scan.characters import Characters
from sales_lakehouse.scan.contract import Layout
from sales_lakehouse.scan.csv_values import extra_text
from sales_lakehouse.scan.fields import FieldReader
from sales_lakehouse.scan.grammar import LINE_ENDS
from sales_lakehouse.scan.rows import Piece
from sales_lakehouse.specs.formats import CsvFormat
from sales_lakehouse.wording import counted, encoding_name

_RAW = 2**16
"""Of a record beyond the limit the row holds so much; the landed unit holds the rest."""


@dataclass(frozen=True)
class LineReader:
    """Makes one piece of one span; `layout` is None for a unit that is broken already."""

    text: Characters
    dialect: CsvFormat
    header: bytes
    fields: int
    layout: Layout | None

    def read(self, start: int, length: int) -> Piece:
        """Return what a span is: a record, a blank line, the footer, or a refusal with its reason."""
        if length > self.dialect.max_record_bytes:
            reason = f"a record of {length:,} bytes, at most {self.dialect.max_record_bytes:,} are read"
            return self.refused(start, length, reason)
        line = self.text.content[start : start + length]
        blanks = b"" if self.fields == 1 else b" \t".replace(self.dialect.delimiter.encode(), b"")
        if not line.removesuffix(LINE_ENDS[self.dialect.line_end]).strip(blanks):
            return Piece("blank", start, length)
        try:
            return self._record(line, start)
        except Refusal as reason:
            return self.refused(start, length, str(reason))

    def refused(self, start: int, length: int, reason: str) -> Piece:
        """Return a span that is kept as it is written, with the reason why it is no record."""
        raw = self.text.content[start : start + min(length, _RAW if length > self.dialect.max_record_bytes else length)]
        return Piece(
            "refused", start, length, reason=reason, raw=raw.decode(self.text.encoding, errors="backslashreplace")
        )

    @cached_property
    def _fields(self) -> FieldReader:
        return FieldReader(self.dialect)

    def _record(self, line: bytes, start: int) -> Piece:
        if self.header and line.rstrip(b"\r\n") == self.header:
            raise Refusal("the header again")
        try:
            text = line.decode(self.text.encoding)
        except UnicodeDecodeError as cause:
            found = line[cause.start : cause.start + 1].hex()
            raise Refusal(
                f"not decodable in {encoding_name(self.text.encoding)} at byte {cause.start} of the record (0x{found})"
            ) from cause
        fields = self._fields.read(text)
        if self.dialect.footer and fields[0] == self.dialect.footer.marker:
            return Piece("footer", start, len(line), raw=json.dumps(fields))
        if len(fields) != self.fields:
            raise Refusal(f"{counted(len(fields), 'field')} instead of {self.fields}")
        if self.layout is None:
            return Piece("record", start, len(line))
        named = dict(zip(self.layout.names, fields, strict=True))
        others = self.layout.extra
        extra = extra_text(others, tuple(named[name] for name in others)) if others else None
        return Piece("record", start, len(line), values=named, extra=extra)
