"""What a record of a declared dialect is, as patterns on bytes.

A pattern is anchored and never gives back what it took, so that one match tells how far the file is valid: searching
would find a record inside a line that has one field too many.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sales_lakehouse.specs.formats import CsvFormat

ROWS = 131_072
"""The most records that one match takes: a batch of short records is bounded by their number, not by their bytes."""
LINE_ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}
_WRITTEN_OUT = 32  # a repeated group costs a tenth more, a pattern of thousands of fields takes seconds to compile
_BLANK = rb"(?![ \t]*+[\r\n])"


@dataclass(frozen=True)
class Grammar:
    """Patterns of a file whose records have a known number of fields.

    `run` takes as many plain records as follow each other; `one` takes a single record, with every escape that the
    dialect knows; `last` takes one that the end of the file ends. `doubtful` and `doubtful_last` take what would be a
    record as well, but that a line inside it could be one by itself.
    """

    run: re.Pattern[bytes]
    one: re.Pattern[bytes]
    last: re.Pattern[bytes]
    doubtful: re.Pattern[bytes]
    doubtful_last: re.Pattern[bytes]


def grammar_of(dialect: CsvFormat, fields: int, header: bytes, encoding: str) -> Grammar:
    """Return the patterns of a dialect. A line that repeats the header or begins as the footer is no record."""
    end = re.escape(LINE_ENDS[dialect.line_end])
    guard = _guard(dialect, fields, header, encoding)
    plain = _fields(_plain_field(dialect, fields), dialect, fields)
    any_record = _fields(_any_field(dialect, fields), dialect, fields)
    doubtful = _fields(_any_field(dialect, fields, doubtful=True), dialect, fields)
    return Grammar(
        run=re.compile(b"(?:" + guard + plain + end + b"){0,%d}+" % ROWS),
        one=re.compile(guard + any_record + end),
        last=re.compile(guard + any_record + rb"\Z"),
        doubtful=re.compile(guard + doubtful + end),
        doubtful_last=re.compile(guard + doubtful + rb"\Z"),
    )


def lines_of(dialect: CsvFormat) -> Grammar:
    """Return patterns by which every line that is not blank is a record: for a file whose fields are unknown."""
    mark = re.escape(LINE_ENDS[dialect.line_end][-1:])
    line = _BLANK + b"[^" + mark + b"]*+"
    run = re.compile(b"(?:" + line + mark + b"){0,%d}+" % ROWS)
    one, last = re.compile(line + mark), re.compile(line + rb"\Z")
    return Grammar(run, one, last, doubtful=one, doubtful_last=last)


def _fields(field: bytes, dialect: CsvFormat, fields: int) -> bytes:
    delimiter = re.escape(dialect.delimiter.encode())
    if fields <= _WRITTEN_OUT:
        return delimiter.join([field] * fields)
    return field + b"(?:" + delimiter + field + b"){%d}" % (fields - 1)


def _guard(dialect: CsvFormat, fields: int, header: bytes, encoding: str) -> bytes:
    """Return what a record may not begin with."""
    guard = rb"(?![\r\n])" if fields == 1 else b""  # blanks are a value, where a line is one field
    if header:
        guard += b"(?!" + re.escape(header) + rb"[\r\n])"
    if dialect.footer:
        quote = re.escape((dialect.quote or "").encode())
        delimiter = re.escape(dialect.delimiter.encode())
        marker = re.escape(dialect.footer.marker.encode(encoding))
        guard += b"(?!" + quote + marker + quote + b"(?:" + delimiter + rb"|[\r\n]))"
        guard += b"(?!" + marker + b"(?:" + delimiter + rb"|[\r\n]))"
    return guard


def _plain_field(dialect: CsvFormat, fields: int, *, doubtful: bool = False) -> bytes:
    """Return a field without a backslash that means something: those are read one by one."""
    backslash = rb"\\" if dialect.escape == "backslash" else b""
    unquoted = b"[^" + _class(dialect) + backslash + rb"\r\n\0]*+"
    if dialect.quote is None:
        return unquoted
    quote = re.escape(dialect.quote.encode())
    inside = b"[^" + quote + backslash + rb"\r\n\0]*+"
    doubled = quote * 2 if dialect.escape == "doubled" else b"(?!)"
    quoted = _quoted(inside, doubled, dialect, fields, doubtful=doubtful)
    return b"(?:" + quote + quoted + quote + b"|" + unquoted + b")"


def _any_field(dialect: CsvFormat, fields: int, *, doubtful: bool = False) -> bytes:
    if dialect.escape == "doubled":
        return _plain_field(dialect, fields, doubtful=doubtful)
    unquoted = b"(?:[^" + _class(dialect) + rb"\\\r\n\0]|\\[^\r\n\0])*+"
    if dialect.quote is None:
        return unquoted
    quote = re.escape(dialect.quote.encode())
    inside = b"[^" + quote + rb"\\\r\n\0]*+"
    escaped = rb"\\[^" + (b"" if dialect.line_breaks_in_fields else rb"\r\n") + rb"\0]"
    quoted = _quoted(inside, escaped, dialect, fields, doubtful=doubtful)
    return b"(?:" + quote + quoted + quote + b"|" + unquoted + b")"


def _quoted(inside: bytes, escaped: bytes, dialect: CsvFormat, fields: int, *, doubtful: bool) -> bytes:
    """Return the text of a quoted field.

    A line inside it that is a whole record by itself means that two stray quotes swallowed it: such a field is none,
    or doubtful.
    """
    turns = escaped
    if dialect.line_breaks_in_fields:
        plain = b"[^" + _class(dialect) + rb"\r\n\0]*+"
        quote = re.escape((dialect.quote or "").encode())
        closed = quote + b"[^" + quote + rb"\r\n\0]*+" + quote
        record = _fields(b"(?:" + closed + b"|" + plain + b")", dialect, fields) + rb"(?=[\r\n])"
        looks_alike = b"(?!" + record + b")" if fields > 1 and not doubtful else b""
        turns = b"(?:" + escaped + rb"|(?:\r\n|\r|\n)" + looks_alike + b")"
    return inside + b"(?:" + turns + inside + b")*+"


def _class(dialect: CsvFormat) -> bytes:
    return re.escape(dialect.delimiter.encode()) + re.escape((dialect.quote or "").encode())
