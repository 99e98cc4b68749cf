"""Cut a large delimited file at line ends, so that several workers read it: the rows are those of the whole file.

A part is read behind the file's own opening (byte order mark, preamble, header), whose rows only the first part gives
out. A file is cut only where a line end is a record's end and nothing speaks of the file as a whole: not with line
breaks in fields, not packed, not without the bytes of ASCII, not where a partner states totals, and not behind a header
that breaks the contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sales_lakehouse.errors import BooksError
from sales_lakehouse.scan.broken import UnitBroken
from sales_lakehouse.scan.characters import characters_of, is_transparent
from sales_lakehouse.scan.csv_header import line_end, read_opening
from sales_lakehouse.scan.scan import scan_unit
from sales_lakehouse.scan.spool import Buffer
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.formats import CsvFormat

PART_BYTES = 4 * 2**20
"""Small beside what a worker reads in all: then workers end together."""
_BLANKS = b" \t\r\n"


@dataclass(frozen=True)
class Part:
    """A stretch of a unit. The first begins at byte 0 and holds the opening."""

    start: int
    end: int


def cut_unit(content: Buffer, source: SourceSpec, stated: Mapping[str, str], size: int = PART_BYTES) -> list[Part]:
    """Cut a unit into equal parts of about `size` bytes; one part where it must be read whole."""
    form = source.format
    if (
        len(content) <= 2 * size
        or stated
        or not isinstance(form, CsvFormat)
        or not _is_divisible(content, source, form)
    ):
        return [Part(0, len(content))]
    count, opening = len(content) // size, _opening_end(content, form)
    aims = (max(len(content) * number // count, opening) for number in range(1, count))
    cuts = sorted({0, *(line_end(content, aim, form) for aim in aims), len(content)})
    return [Part(start, end) for start, end in pairwise(cuts)]


def count_records(content: Buffer, source: SourceSpec, part: Part) -> int:
    """Count the records of a part: its lines but the blank ones and those of the opening."""
    form = source.format
    if not isinstance(form, CsvFormat):
        return 0
    start = max(part.start, _opening_end(content, form))
    stretch = content[start : part.end]
    signs = np.frombuffer(stretch, np.uint8)
    ends = np.flatnonzero(signs == (13 if form.line_end == "cr" else 10)) + 1
    starts = np.r_[0, ends] if len(stretch) and (not len(ends) or ends[-1] < len(stretch)) else np.r_[0, ends][:-1]
    maybe = starts[np.isin(signs[starts], np.frombuffer(_BLANKS, np.uint8))] if len(starts) else starts
    blank = sum(not stretch[at : line_end(stretch, at, form)].strip(_BLANKS) for at in maybe.tolist())
    return len(starts) - blank


def scan_part(
    content: Buffer, source: SourceSpec, part: Part, records_before: int, records: int
) -> Iterator[pa.RecordBatch]:
    """Read a part of a unit; its rows have the spans and numbers that they have in the whole.

    Raises: BooksError when the part does not hold so many records.
    """
    form = source.format
    opening = _opening_end(content, form) if isinstance(form, CsvFormat) and part.start else 0
    found = 0
    for batch in scan_unit(content[:opening] + content[part.start : part.end], source):
        found += batch.num_rows - batch["_record_no"].null_count
        if shifted := _shifted(batch, opening, part.start, records_before):
            yield shifted
    if found != records:
        raise BooksError(
            f"{source.source}: bytes {part.start:,} to {part.end:,} hold {records:,} lines and {found:,} records were "
            "read; nothing of the unit was written; please report this defect"
        )


def _shifted(batch: pa.RecordBatch, opening: int, start: int, records_before: int) -> pa.RecordBatch | None:
    """Tell rows in the bytes and numbers of the whole unit; what lies in the opening is left out."""
    firsts, lengths = batch["_byte_start"].to_numpy(), batch["_byte_length"].to_numpy()
    inside = np.maximum(firsts, opening)
    told = {
        "_byte_start": pa.array(inside - opening + start),
        "_byte_length": pa.array(firsts + lengths - inside),
        "_record_no": pc.add(batch["_record_no"], records_before),
    }
    for name, values in told.items():
        batch = batch.set_column(batch.schema.get_field_index(name), name, values)
    kept = batch.filter(pa.array((firsts + lengths > opening) | (opening == 0)))
    return kept if kept.num_rows else None


def _is_divisible(content: Buffer, source: SourceSpec, form: CsvFormat) -> bool:
    whole = form.line_breaks_in_fields or form.footer is not None or form.packed != "none"
    return not whole and is_transparent(form.encoding) and _opens_as_agreed(content, source, form)


def _opens_as_agreed(content: Buffer, source: SourceSpec, form: CsvFormat) -> bool:
    with ExitStack() as files:
        try:
            text = characters_of(content[: _opening_end(content, form)], form, files)
        except UnitBroken:
            return False
        return read_opening(text, form, source).broken is None


def _opening_end(content: Buffer, form: CsvFormat) -> int:
    at = 0
    for _ in range(form.preamble + form.header):
        at = line_end(content, at, form)
    return at
