"""Read a delimited file: its opening, its records, and whether two readers and two counters agree on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pyarrow as pa

from sales_lakehouse.scan.audit import Auditor
from sales_lakehouse.scan.characters import Characters, characters_of, in_original_spans
from sales_lakehouse.scan.csv_body import Body, Window, is_text
from sales_lakehouse.scan.csv_header import read_opening
from sales_lakehouse.scan.csv_values import by_name, read_values
from sales_lakehouse.scan.recount import recount_lines, recount_records
from sales_lakehouse.scan.rows import Spans, in_byte_order, pieces_batch, records_batch, scan_schema
from sales_lakehouse.scan.spool import Buffer
from sales_lakehouse.scan.totals import Totals
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.formats import CsvFormat
from sales_lakehouse.wording import counted, encoding_name


class CsvUnit:
    """A file that is read once; `broken` is known when the last batch was given out."""

    def __init__(self, content: Buffer, source: SourceSpec, dialect: CsvFormat, files: ExitStack) -> None:
        self._text = characters_of(content, dialect, files)
        self._opening = read_opening(self._text, dialect, source)
        self._source, self._dialect = source, dialect
        self.broken = self._opening.broken
        self._footers: list[list[str]] = []
        self._after_footer = self._has_refused = self._beyond_ascii = False
        self._is_utf8 = self._text.encoding not in ("utf-8", "ascii")
        self._lines = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the rows out in byte order, without their numbers."""
        schema = scan_schema(self._source)
        begin = 0
        for batch in self._scanned(schema):
            if self._text.is_transcoded:
                batch = in_original_spans(batch, self._text, begin)  # noqa: PLW2901  the rows, told in other bytes
                begin = int(batch["_byte_start"][-1].as_py() + batch["_byte_length"][-1].as_py())
            yield batch
        self._find(self._recounted())
        self._find(self._other_encoding())

    def raw(self, start: int, length: int) -> str:
        """Return a span as text."""
        return self._text.raw(start, length)

    def totals_differ(self, totals: Totals) -> str | None:
        """Hold the footer against what was found; return the difference in words."""
        footer = self._dialect.footer
        if footer is None:
            return None
        if len(self._footers) != 1 or self._after_footer:
            return f"expected one {footer.marker} line, the last one, found {len(self._footers)}: the file may be cut"
        fields = self._footers[0]
        if len(fields) <= max(footer.records, footer.amount or 0):
            stated, found = ", ".join(fields[1:]) or "nothing", counted(totals.records, "record", "were")
            return f"the {footer.marker} line states {stated}: a total is missing; {found} found"
        said = {"records": fields[footer.records]}
        if footer.amount is not None:
            said["amount"] = fields[footer.amount]
        return totals.differ(said, f"the {footer.marker} line")

    def _scanned(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        if self._opening.pieces:
            yield pieces_batch(self._opening.pieces, schema)
        body = Body(self._text, self._dialect, self._opening)
        layout = self._opening.layout
        auditor = Auditor(self._text, self._dialect, layout) if layout else None
        for window in body.windows():
            spans = window.spans
            values = self._values(spans)
            self._note(window)
            batch = in_byte_order(records_batch(values, spans, schema), pieces_batch(window.pieces, schema))
            self._lines += batch.num_rows
            if auditor and not self.broken:
                self._find(auditor.differs(batch))
            yield batch

    def _values(self, spans: Spans) -> dict[str, pa.Array]:
        """Return the columns of plain records; none once the unit is broken, for nobody will see them."""
        layout, starts = self._opening.layout, spans[0]
        if layout is None or self.broken or not len(starts):
            return {}
        records = _bytes_of(self._text, spans)
        self._find(recount_records(records, len(starts), len(layout.names), self._dialect))
        if self._text.encoding not in ("utf-8", "ascii") and not records.isascii():
            self._beyond_ascii = True
            self._is_utf8 = self._is_utf8 and is_text(records, "utf-8")
            records = records.decode(self._text.encoding).encode("utf-8")
        columns = read_values(records, self._dialect, len(layout.names))
        if len(columns[0]) != len(starts):
            self._find(f"{len(starts):,} records were found, {len(columns[0]):,} could be read; a defect of the reader")
            return {}
        return by_name(columns, layout)

    def _note(self, window: Window) -> None:
        footers = [piece for piece in window.pieces if piece.kind == "footer"]
        self._footers += [json.loads(piece.raw or "[]") for piece in footers]
        self._has_refused |= any(piece.kind == "refused" for piece in window.pieces)
        if self._footers:
            last = footers[-1].start if footers else -1
            others = (piece.start for piece in window.pieces if piece.kind not in ("footer", "blank"))
            records = window.spans[0][-1:].tolist()
            self._after_footer |= any(start > last for start in (*others, *records))

    def _recounted(self) -> str | None:
        """Count the lines of the whole file once more; with line breaks in fields only where no quote is in doubt."""
        is_simple = self._dialect.escape == "doubled" and not self._has_refused and not self._dialect.preamble
        if self.broken or (self._dialect.line_breaks_in_fields and not is_simple):
            return None
        begun = sum(piece.kind == "header" or piece.length != 3 for piece in self._opening.pieces)
        found, again = self._lines + begun, recount_lines(self._text.content, self._dialect)
        if found == again:
            return None
        told = counted(found, "line")
        return f"counted twice with different results: the reader found {told}, the second counter {again:,}"

    def _other_encoding(self) -> str | None:
        if self._beyond_ascii and self._is_utf8:
            declared = encoding_name(self._text.encoding)
            return f"another encoding than declared: every character beyond ASCII is UTF-8, not {declared}"
        return None

    def _find(self, reason: str | None) -> None:
        self.broken = self.broken or reason


def _bytes_of(text: Characters, spans: Spans) -> bytes:
    """Return the bytes of records; neighbours are taken together."""
    starts, lengths = spans
    ends = starts + lengths
    cuts = np.flatnonzero(starts[1:] != ends[:-1]) + 1
    firsts, lasts = starts[np.r_[0, cuts]].tolist(), ends[np.r_[cuts - 1, len(ends) - 1]].tolist()
    return b"".join(text.content[first:last] for first, last in zip(firsts, lasts, strict=True))
