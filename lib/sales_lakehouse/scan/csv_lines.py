"""Delimited text whose dialect is declared: one line is one record, a broken quote costs exactly its line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import prod

from sales_lakehouse.scan.pieces import Piece, UnitBroken
from sales_lakehouse.specs.source import CsvFormat, Footer, SourceSpec


def scan_csv(content: bytes, spec: SourceSpec, dialect: CsvFormat) -> tuple[list[Piece], str | None]:
    """Return the pieces of a file, and the reason when it breaks its contract as a whole."""
    spans = list(_line_spans(content))
    if not spans:
        return [], "the file is empty, not even a header line"
    header, broken = _header_or_reason(content, spans[0], spec, dialect)
    reader = _LineReader(content, dialect, header, spec.columns)
    pieces = [Piece("header", *spans[0]), *(reader.read(*span) for span in spans[1:])]
    if dialect.footer and not broken:
        broken = _check_footer(pieces, spec, dialect.footer)
    return pieces, broken


@dataclass(frozen=True)
class _LineReader:
    content: bytes
    dialect: CsvFormat
    header: list[str]
    columns: tuple[str, ...]

    def read(self, start: int, length: int) -> Piece:
        line = self.content[start : start + length]
        if not line.strip():
            return Piece("blank", start, length)
        try:
            fields = _fields(line, self.dialect)
        except (UnicodeDecodeError, csv.Error) as cause:
            return _refused(start, line, f"unreadable line: {cause}")
        if self.dialect.footer and fields[0] == self.dialect.footer.marker:
            return Piece("footer", start, length, raw=json.dumps(fields))
        if len(fields) != len(self.header):
            return _refused(start, line, f"{len(fields)} fields instead of {len(self.header)}")
        named = {name: value or None for name, value in zip(self.header, fields, strict=True)}
        values = {name: named.pop(name) for name in self.columns}
        extra = json.dumps(named, ensure_ascii=False) if named else None
        return Piece("record", start, length, values=values, extra=extra)


def _line_spans(content: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        yield start, end - start
        start = end


def _fields(line: bytes, dialect: CsvFormat) -> list[str]:
    text = line.decode(dialect.encoding).removesuffix("\n")
    if dialect.line_end == "crlf":
        text = text.removesuffix("\r")
    return next(csv.reader([text], delimiter=dialect.delimiter, strict=True))


def _refused(start: int, line: bytes, reason: str) -> Piece:
    return Piece("refused", start, len(line), reason=reason, raw=line.decode("utf-8", errors="backslashreplace"))


def _header_or_reason(
    content: bytes, span: tuple[int, int], spec: SourceSpec, dialect: CsvFormat
) -> tuple[list[str], str | None]:
    try:
        header = _fields(content[: span[1]], dialect)
        _check_header(header, spec)
    except (UnicodeDecodeError, csv.Error) as cause:
        return [], f"the header is not {dialect.encoding} text with {dialect.delimiter!r} between fields: {cause}"
    except UnitBroken as reason:
        return [], str(reason)
    return header, None


def _check_header(header: list[str], spec: SourceSpec) -> None:
    missing = [name for name in spec.columns if name not in header]
    if missing:
        there = len(spec.columns) - len(missing)
        raise UnitBroken(
            f"column {', '.join(missing)} is missing; the header has {there} of {len(spec.columns)} "
            f"agreed columns ({', '.join(header)[:200]})"
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UnitBroken(f"column {', '.join(twice)} stands more than once in the header")


def _check_footer(pieces: list[Piece], spec: SourceSpec, footer: Footer) -> str | None:
    """Hold the partner's own totals against what was found; return the difference in words."""
    footers = [piece for piece in pieces if piece.kind == "footer"]
    if len(footers) != 1 or pieces[-1] is not footers[0]:
        return f"expected one {footer.marker} line, the last one, found {len(footers)}: the file may be cut"
    stated = json.loads(footers[0].raw or "[]")
    records = [piece for piece in pieces if piece.kind in ("record", "refused")]
    if len(stated) <= max(footer.records, footer.amount or 0) or stated[footer.records] != str(len(records)):
        return f"the {footer.marker} line states {stated[1:]} records and amount, {len(records)} records were found"
    if footer.amount is None or any(piece.kind == "refused" for piece in records):
        return None
    return _check_amount(records, stated[footer.amount], spec.style.decimal_mark, footer)


def _check_amount(records: list[Piece], stated: str, mark: str, footer: Footer) -> str | None:
    try:
        total = sum(_amount(piece, footer.amount_of, mark) for piece in records)
        if Decimal(stated.replace(mark, ".")) == total:
            return None
    except InvalidOperation:
        return None  # a value that is no number is the silver rules' matter, record by record
    return f"the {footer.marker} line states the amount {stated}, the records sum up to {total}"


def _amount(piece: Piece, columns: tuple[str, ...], mark: str) -> Decimal:
    values = piece.values or {}
    return prod((Decimal((values[name] or "").replace(mark, ".")) for name in columns), start=Decimal(1))
