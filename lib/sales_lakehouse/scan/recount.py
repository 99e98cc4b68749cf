"""Count records a second time, sharing no code with the scanner: neither pattern nor parser, only marks."""

from __future__ import annotations

import numpy as np

from sales_lakehouse.scan.spool import Buffer
from sales_lakehouse.specs.formats import CsvFormat
from sales_lakehouse.wording import counted

_CHUNK = 2**24


def recount_records(records: bytes, count: int, fields: int, dialect: CsvFormat) -> str | None:
    """Count what the scanner took for so many records of so many fields; return the difference in words.

    All bytes but quotes, delimiters and line ends go; what stands between two quotes goes; what is left must be one
    line end after the delimiters of each record.
    """
    end, delimiter = _line_end(dialect), dialect.delimiter.encode()
    marks = records.translate(None, _all_but((dialect.quote or "").encode() + delimiter + end))
    outside = b"".join(marks.split(dialect.quote.encode())[::2]) if dialect.quote else marks
    if outside == (delimiter * (fields - 1) + end) * count:
        return None
    found = f"{counted(count, 'record')} of {counted(fields, 'field')}"
    again = f"{counted(outside.count(end), 'line')} with {counted(outside.count(delimiter), 'delimiter')}"
    return f"counted twice with different results: the reader found {found}, the second counter {again}"


def recount_lines(content: Buffer, dialect: CsvFormat) -> int:
    """Count the lines of a unit; with line breaks in fields those that end outside of quotes."""
    end, quote = _line_end(dialect), (dialect.quote or "").encode() if dialect.line_breaks_in_fields else b""
    others, inside, lines = _all_but(end + quote), 0, 0
    for at in range(0, len(content), _CHUNK):
        marks = content[at : at + _CHUNK].translate(None, others)
        parts = marks.split(quote) if quote else [marks]
        lines += b"".join(parts[inside::2]).count(end)
        inside ^= (len(parts) - 1) & 1
    return lines + (content[-1:] not in (b"", end))


def recount_items(items: bytes) -> int:
    """Count the items of a JSON list, given from bracket to bracket: the commas outside of strings and of items."""
    text = items.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = b"".join(text.translate(None, _all_but(b'"[]{},')).split(b'"')[::2])
    signs = np.frombuffer(marks.replace(b"{", b"[").replace(b"}", b"]"), np.uint8)
    depth = np.cumsum((signs == ord("[")).astype(np.int32) - (signs == ord("]")), dtype=np.int32)
    commas = int(np.count_nonzero((signs == ord(",")) & (depth == 1)))
    return commas + bool(items[1:-1].strip())


def _line_end(dialect: CsvFormat) -> bytes:
    return b"\r" if dialect.line_end == "cr" else b"\n"


def _all_but(marks: bytes) -> bytes:
    return bytes(set(range(256)) - set(marks))
