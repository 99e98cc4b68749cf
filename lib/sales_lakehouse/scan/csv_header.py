"""The first lines of a delimited file: byte order mark, preamble, and the header that is held against the contract."""

from __future__ import annotations

from dataclasses import dataclass

from sales_lakehouse.scan.broken import Refusal, UnitBroken
from sales_lakehouse.scan.characters import UTF8_BOM, Characters
from sales_lakehouse.scan.contract import Layout, agree, listed
from sales_lakehouse.scan.fields import FieldReader
from sales_lakehouse.scan.rows import Piece
from sales_lakehouse.scan.spool import Buffer
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.formats import CsvFormat
from sales_lakehouse.wording import counted, encoding_name


@dataclass(frozen=True)
class Opening:
    """What stands before the first record.

    `fields` is how many fields a record has, None where that is unknown; without a layout the unit is `broken`.
    """

    pieces: tuple[Piece, ...]
    end: int
    header: bytes
    fields: int | None
    layout: Layout | None
    broken: str | None = None


def read_opening(text: Characters, dialect: CsvFormat, source: SourceSpec) -> Opening:
    """Read up to the first record."""
    pieces, at = [], 0
    if text.content[: len(UTF8_BOM)] == UTF8_BOM:
        at = len(UTF8_BOM)
        pieces.append(Piece("preamble", 0, at))
    for _ in range(dialect.preamble):
        end = line_end(text.content, at, dialect)
        if end > at:
            pieces.append(Piece("preamble", at, end - at))
        at = end
    if at == len(text.content):
        return Opening(tuple(pieces), at, b"", None, None, "the file is empty, not even a header line")
    if not dialect.header:
        return Opening(tuple(pieces), at, b"", len(source.columns), Layout(source.columns, source.columns))
    end = line_end(text.content, at, dialect)
    pieces.append(Piece("header", at, end - at))
    fields: list[str] | None = None
    try:
        line = _header_line(text, at, end, dialect)
        fields = _header_fields(line, text, dialect)
        layout = agree(fields, source)
    except UnitBroken as reason:
        return Opening(tuple(pieces), end, b"", len(fields) if fields else None, None, str(reason))
    return Opening(tuple(pieces), end, line.rstrip(b"\r\n"), len(fields), layout)


def line_end(content: Buffer, at: int, dialect: CsvFormat) -> int:
    """Return where the line that begins here ends, its line end included."""
    return content.find(b"\r" if dialect.line_end == "cr" else b"\n", at) + 1 or len(content)


def _header_line(text: Characters, at: int, end: int, dialect: CsvFormat) -> bytes:
    if end - at > dialect.max_record_bytes:
        raise UnitBroken(f"the header line has {end - at:,} bytes, at most {dialect.max_record_bytes:,} are read")
    line = text.content[at:end]
    delimiters = line.count(dialect.delimiter.encode())
    if delimiters >= dialect.max_columns:
        raise UnitBroken(f"the header has {counted(delimiters + 1, 'field')}, at most {dialect.max_columns:,} are read")
    return line


def _header_fields(line: bytes, text: Characters, dialect: CsvFormat) -> list[str]:
    try:
        return [field or "" for field in FieldReader(dialect).read(line.decode(text.encoding))]
    except UnicodeDecodeError as cause:
        at = f"byte {cause.start} (0x{line[cause.start]:02x})"
        raise UnitBroken(
            f"another encoding than declared: the header is not {encoding_name(text.encoding)} at {at}"
        ) from cause
    except Refusal as reason:
        seen = listed([line.decode(text.encoding, errors="replace")])
        raise UnitBroken(
            f"the header cannot be read with {dialect.delimiter!r} between fields: {reason} ({seen!r})"
        ) from reason
