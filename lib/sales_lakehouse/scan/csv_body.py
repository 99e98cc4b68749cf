"""The records of a delimited file, window by window: runs of plain records at once, anything else line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sales_lakehouse.scan.characters import UTF8_BOM, Characters
from sales_lakehouse.scan.csv_header import Opening, line_end
from sales_lakehouse.scan.csv_lines import LineReader
from sales_lakehouse.scan.grammar import Grammar, grammar_of, lines_of
from sales_lakehouse.scan.rows import Piece, Spans
from sales_lakehouse.specs.formats import CsvFormat

WINDOW = 16 * 2**20
_PIECES = 20_000
_MAY_BE_INSIDE = "it follows a line with an unbalanced quote, and may be the inside of a quoted field"
_NOTHING = np.empty(0, np.int64)


@dataclass
class Window:
    """A stretch of the file: plain records as spans, all else as pieces."""

    runs: list[tuple[int, int]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    spans: Spans = (_NOTHING, _NOTHING)


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
        # Up to here a quoted field may reach, whose lines could be records as well: none of them is taken for one.
        self._doubtful_end = 0
        self._matched = (-1, -1)

    def windows(self) -> Iterator[Window]:
        """Give the file in stretches of bounded size."""
        while self._at < self._size:
            window, begin = Window(), self._at
            while self._at < self._size and self._at - begin < WINDOW and len(window.pieces) < _PIECES:
                if not self._step(window):
                    break
            self._judge(window)
            yield window

    def _step(self, window: Window) -> bool:
        """Take what comes next; tell whether the window has room for more."""
        end = self._run_end()
        if end == self._at or self._open_quotes or self._at < self._doubtful_end:
            piece = self._alone()
            window.pieces.append(piece)
            self._at += piece.length
            return True
        follows_a_run = bool(window.runs) and window.runs[-1][1] == self._at
        if not follows_a_run:
            window.runs.append((self._at, end))
            self._at = end
        # A run right after a run: the first one was as long as a run may be.
        return not follows_a_run

    def _run_end(self) -> int:
        """Return where the plain records that begin here end; what a full window left is not matched twice."""
        if self._matched[0] != self._at:
            found = self._grammar.run.match(self.text.content, self._at, min(self._at + WINDOW, self._size))
            self._matched = self._at, found.end() if found else self._at
        return self._matched[1]

    def _judge(self, window: Window) -> None:
        """Cut the runs of a window into records, and read those alone that are plain but no text."""
        if not window.runs:
            return
        starts, lengths = self._spans(window.runs)
        off = self._offenders(starts, lengths)
        pairs = zip(starts[off].tolist(), lengths[off].tolist(), strict=True)
        window.pieces += [self._lines.read(*span) for span in pairs]
        window.pieces.sort(key=lambda piece: piece.start)
        window.spans = starts[~off], lengths[~off]

    def _alone(self) -> Piece:
        """Return the piece that begins here."""
        if self._at < self._doubtful_end:
            stop = line_end(self.text.content, self._at, self.dialect)
            piece = self._lines.read(self._at, stop - self._at)
            return piece if piece.kind == "blank" else self._lines.refused(self._at, stop - self._at, _MAY_BE_INSIDE)
        end = self._end_of_one() if self._has_fields else None
        if end is None:
            stop = line_end(self.text.content, self._at, self.dialect)
            piece = self._lines.read(self._at, stop - self._at) if self._has_fields else self._line(stop)
        elif self._open_quotes:
            piece = self._lines.refused(self._at, end - self._at, _MAY_BE_INSIDE)
            self._open_quotes = 0
            return piece
        else:
            piece = self._lines.read(self._at, end - self._at)
        self._doubtful_end = self._end_of_doubt(piece)
        self._open_quotes = 0 if self._doubtful_end else self._still_open(piece)
        return piece

    def _line(self, stop: int) -> Piece:
        """Return a line of a file whose fields are unknown."""
        is_blank = not self.text.content[self._at : min(stop, self._at + WINDOW)].strip(b" \t\r\n")
        return Piece("blank" if is_blank else "record", self._at, stop - self._at)

    def _end_of_one(self) -> int | None:
        if not self.dialect.line_breaks_in_fields:
            return None
        horizon = min(self._at + WINDOW, self._size)
        found = self._grammar.one.match(self.text.content, self._at, horizon)
        if found is None and horizon == self._size:
            found = self._grammar.last.match(self.text.content, self._at)
        return found.end() if found else None

    def _end_of_doubt(self, piece: Piece) -> int:
        """Return where a refused record would end if its lines were not records themselves; 0 where it would be none.

        There both readings, one quoted field or several records with two stray quotes, begin a new record.
        """
        if piece.kind != "refused" or not self.dialect.line_breaks_in_fields or self._open_quotes:
            return 0
        horizon = min(self._at + self.dialect.max_record_bytes, self._size)
        found = self._grammar.doubtful.match(self.text.content, self._at, horizon)
        if found is None and horizon == self._size:
            found = self._grammar.doubtful_last.match(self.text.content, self._at)
        return found.end() if found else 0

    def _still_open(self, piece: Piece) -> int:
        if piece.kind == "blank":
            return self._open_quotes
        if piece.kind != "refused" or not self.dialect.line_breaks_in_fields or self.dialect.quote is None:
            return 0
        line = self.text.content[piece.start : piece.start + piece.length]
        return (self._open_quotes + line.count(self.dialect.quote.encode())) & 1

    def _spans(self, runs: list[tuple[int, int]]) -> Spans:
        """Cut runs at their line ends; with line breaks in fields at those that follow an even number of quotes."""
        run_starts, run_ends = np.array(runs, np.int64).T
        first = int(run_starts[0])
        signs = np.frombuffer(self.text.content, np.uint8, int(run_ends[-1]) - first, first)
        ends = np.flatnonzero(signs == (13 if self.dialect.line_end == "cr" else 10)) + first + 1
        run = np.searchsorted(run_starts, ends - 1, "right") - 1
        is_end = ends <= run_ends[run]
        if self.dialect.line_breaks_in_fields and self._has_fields:
            quotes = np.flatnonzero(signs == ord(self.dialect.quote or "")) + first
            before = np.searchsorted(quotes, ends) - np.searchsorted(quotes, run_starts)[run]
            is_end &= before % 2 == 0
        ends, run = ends[is_end], run[is_end]
        starts = np.roll(ends, 1)
        is_first = np.diff(run, prepend=-1) != 0
        starts[is_first] = run_starts[run[is_first]]
        return starts, ends - starts

    def _offenders(self, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Tell which plain records are too long, not decodable, or hold a byte order mark."""
        off = lengths > self.dialect.max_record_bytes
        first, end = int(starts[0]), int(starts[-1] + lengths[-1])
        stretch = self.text.content[first:end]
        if not self._has_fields or stretch.isascii():
            return off
        if self.text.encoding == "utf-8":
            marks = np.array([found.start() + first for found in re.finditer(UTF8_BOM, stretch)], np.int64)
            row = np.searchsorted(starts, marks, "right") - 1
            off[row[marks < starts[row] + lengths[row]]] = True
        if not is_text(stretch, self.text.encoding):
            spans = zip((starts - first).tolist(), lengths.tolist(), strict=True)
            off |= np.array([not is_text(stretch[s : s + n], self.text.encoding) for s, n in spans])
        return off


def is_text(content: bytes, encoding: str) -> bool:
    """Tell whether bytes can be decoded."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _grammar(text: Characters, dialect: CsvFormat, opening: Opening) -> Grammar:
    if opening.fields is None:
        return lines_of(dialect)
    return grammar_of(dialect, opening.fields, opening.header, text.encoding)
