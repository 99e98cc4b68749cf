"""The records of a delimited file, window by window: runs of plain records at once, anything else line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sales_lakehouse.scan.characters import UTF8_BOM, Characters
from sales_lakehouse.scan.csv_header import Opening, line_end
from sales_lakehouse.scan.csv_lines import LineReader
from sales_lakehouse.scan.grammar import ROWS, Grammar, grammar_of, lines_of
from sales_lakehouse.scan.rows import Piece, Spans
from sales_lakehouse.specs.formats import CsvFormat

WINDOW = 16 * 2**20
_PIECES = 20_000
_NOTHING = np.empty(0, np.int64)


@dataclass
class Window:
    """A stretch of the file: plain records as spans, all else as pieces."""

    spans: list[Spans] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    rows: int = 0

    def joined(self) -> Spans:
        """Return the spans of all plain records."""
        starts, lengths = zip(*self.spans, strict=True) if self.spans else ((_NOTHING,), (_NOTHING,))
        return np.concatenate(starts), np.concatenate(lengths)


class Body:
    """Walks over a file from its first record on; no byte is left out."""

    def __init__(self, text: Characters, dialect: CsvFormat, opening: Opening) -> None:
        self.text, self.dialect = text, dialect
        self._at, self._size = opening.end, len(text.content)
        self._grammar = _grammar(text, dialect, opening)
        self._lines = LineReader(text, dialect, opening.header, opening.fields or 0, opening.layout)
        self._has_fields = opening.fields is not None
        # Quotes in the refused lines just before, modulo two: after an odd number nobody knows what is quoted.
        self._open_quotes = 0

    def windows(self) -> Iterator[Window]:
        """Give the file in stretches of bounded size."""
        while self._at < self._size:
            window, begin = Window(), self._at
            while self._at < self._size and self._at - begin < WINDOW and window.rows + len(window.pieces) < ROWS:
                self._step(window)
                if len(window.pieces) >= _PIECES:
                    break
            yield window

    def _step(self, window: Window) -> None:
        end = self._grammar.run.match(self.text.content, self._at, self._horizon()).end()  # type: ignore[union-attr]
        if end > self._at and not self._open_quotes:
            self._take_run(window, end)
        else:
            piece = self._alone()
            window.pieces.append(piece)
            self._at += piece.length

    def _take_run(self, window: Window, end: int) -> None:
        starts, lengths = self._spans(self._at, end)
        off = self._offenders(starts, lengths)
        if off.any():
            pairs = zip(starts[off].tolist(), lengths[off].tolist(), strict=True)
            window.pieces += [self._lines.read(*span) for span in pairs]
            starts, lengths = starts[~off], lengths[~off]
        window.spans.append((starts, lengths))
        window.rows += len(starts)
        self._at = end

    def _alone(self) -> Piece:
        """Return the piece that begins here."""
        end = self._end_of_one() if self._has_fields else None
        if end is None:
            stop = line_end(self.text.content, self._at, self.dialect)
            piece = self._lines.read(self._at, stop - self._at) if self._has_fields else self._line(stop)
        elif self._open_quotes:
            reason = "it follows a line with an unbalanced quote, and may be the inside of a quoted field"
            piece = self._lines.refused(self._at, end - self._at, reason)
            self._open_quotes = 0
            return piece
        else:
            piece = self._lines.read(self._at, end - self._at)
        self._open_quotes = self._still_open(piece)
        return piece

    def _line(self, stop: int) -> Piece:
        """Return a line of a file whose fields are unknown."""
        is_blank = not self.text.content[self._at : min(stop, self._at + WINDOW)].strip(b" \t\r\n")
        return Piece("blank" if is_blank else "record", self._at, stop - self._at)

    def _end_of_one(self) -> int | None:
        if not self.dialect.line_breaks_in_fields:
            return None
        horizon = self._horizon()
        found = self._grammar.one.match(self.text.content, self._at, horizon)
        if found is None and horizon == self._size:
            found = self._grammar.last.match(self.text.content, self._at)
        return found.end() if found else None

    def _still_open(self, piece: Piece) -> int:
        if piece.kind == "blank":
            return self._open_quotes
        if piece.kind != "refused" or not self.dialect.line_breaks_in_fields or self.dialect.quote is None:
            return 0
        line = self.text.content[piece.start : piece.start + piece.length]
        return (self._open_quotes + line.count(self.dialect.quote.encode())) & 1

    def _horizon(self) -> int:
        return min(self._at + WINDOW, self._size)

    def _spans(self, start: int, end: int) -> Spans:
        """Cut a run at its line ends; with line breaks in fields at those that follow an even number of quotes."""
        signs = np.frombuffer(self.text.content, np.uint8, end - start, start)
        ends = np.flatnonzero(signs == (13 if self.dialect.line_end == "cr" else 10))
        if self.dialect.line_breaks_in_fields and self._has_fields:
            quotes = np.flatnonzero(signs == ord(self.dialect.quote or ""))
            ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
        ends = ends + start + 1
        starts = np.concatenate(([start], ends[:-1]))
        return starts, ends - starts

    def _offenders(self, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Tell which records of a run are too long, not decodable, or hold a byte order mark."""
        off = lengths > self.dialect.max_record_bytes
        first, end = int(starts[0]), int(starts[-1] + lengths[-1])
        run = self.text.content[first:end]
        at = run.find(UTF8_BOM) if self.text.encoding == "utf-8" else -1
        while at >= 0:
            off[np.searchsorted(starts, first + at, "right") - 1] = True
            at = run.find(UTF8_BOM, at + 1)
        if self._has_fields and not _is_text(run, self.text.encoding):
            spans = zip((starts - first).tolist(), lengths.tolist(), strict=True)
            off |= np.array([not _is_text(run[s : s + n], self.text.encoding) for s, n in spans])
        return off


def _grammar(text: Characters, dialect: CsvFormat, opening: Opening) -> Grammar:
    if opening.fields is None:
        return lines_of(dialect)
    return grammar_of(dialect, opening.fields, opening.header, text.encoding)


def _is_text(content: bytes, encoding: str) -> bool:
    if content.isascii():
        return True
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
