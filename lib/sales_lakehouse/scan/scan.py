"""Choose the reader that the source declares, number its records, set a broken unit aside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sales_lakehouse.scan.csv_lines import scan_csv
from sales_lakehouse.scan.json_page import scan_json
from sales_lakehouse.scan.pieces import Piece
from sales_lakehouse.specs.source import CsvFormat, SourceSpec


def scan_unit(content: bytes, spec: SourceSpec) -> list[Piece]:
    """Cut a unit's bytes into pieces: no byte is left out, no byte is in two.

    A record that cannot be read is refused with a reason; a unit that breaks its contract is quarantined whole:
    each of its records carries the unit's reason and its raw text. One without any record is a single piece, so
    that the reason is not lost.
    """
    if isinstance(spec.format, CsvFormat):
        pieces, broken = scan_csv(content, spec, spec.format)
    else:
        pieces, broken = scan_json(content, spec, spec.format)
    return list(_numbered(_set_aside(content, pieces, broken) if broken else pieces))


def _set_aside(content: bytes, pieces: list[Piece], reason: str) -> Iterator[Piece]:
    records = ("record", "refused", "quarantined")
    for piece in pieces if any(p.kind in records for p in pieces) else [Piece("quarantined", 0, len(content))]:
        if piece.kind in records:
            raw = content[piece.start : piece.start + piece.length].decode("utf-8", errors="backslashreplace")
            yield Piece("quarantined", piece.start, piece.length, reason=reason, raw=raw)
        else:
            yield piece


def _numbered(pieces: Iterable[Piece]) -> Iterator[Piece]:
    number = 0
    for piece in pieces:
        if piece.kind in ("record", "refused", "quarantined"):
            number += 1
            yield replace(piece, record_no=number)
        else:
            yield piece
