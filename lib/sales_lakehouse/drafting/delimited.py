"""The dialect of a delimited sample: delimiter, quote, line end, lines before the header, header, footer."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sales_lakehouse.drafting.guess import Guess, Shape
from sales_lakehouse.drafting.times import guess_formats
from sales_lakehouse.drafting.values import is_number
from sales_lakehouse.errors import ParameterError
from sales_lakehouse.wording import counted

_ENOUGH = 20_000
_LINE_ENDS = {"\r\n": "crlf", "\n": "lf", "\r": "cr"}
_NULL_WORDS = ("NULL", "null", "N/A", "n/a", "NA", "-", "\\N")


@dataclass(frozen=True)
class _Lines:
    """The sample's rows under the guessed dialect, and where its table begins and ends."""

    rows: Sequence[Sequence[str]]
    first: int
    last: int

    @property
    def width(self) -> int:
        return len(self.rows[self.first])


def read_delimited(text: str, encoding: Guess) -> Shape:
    """Guess the dialect of a delimited text and cut it into records.

    Raises: ParameterError for a text that has no two fields in a line.
    """
    delimiter, quote, escape = _dialect(text)
    quoted = _quote(text, delimiter, quote)
    quote = quoted.value if quoted else (quote or '"' * ('"' in text))
    end = _line_end(text)
    rows = _rows(text, delimiter, quote, escape)
    lines = _table_in(rows)
    header = _header(lines)
    columns = tuple(rows[lines.first]) if header.value else tuple(f"column_{n}" for n in range(1, lines.width + 1))
    body = rows[lines.first + int(header.value) : lines.last]
    whole = [row for row in body if len(row) == lines.width]
    if not whole:
        raise ParameterError(
            f"the sample holds no record of its own beside its first line {text[:60]!r}; expected a delivery with some "
            "records; nothing was written"
        )
    told = f"clevercsv finds it; {len(whole) + int(header.value):,} of {len(rows):,} lines have {lines.width} fields"
    guesses = {
        "kind": Guess("csv", "lines of fields"),
        "encoding": encoding,
        "delimiter": Guess(delimiter, told),
        "quote": quoted,
        "escape": Guess("backslash", "clevercsv finds it") if escape else None,
        "line_end": end,
        "line_breaks_in_fields": _breaks(whole),
        "header": header if not header.value else None,
        "preamble": Guess(lines.first, f"that many lines stand before the first of {lines.width} fields"),
        "null_words": _null_words(whole),
    }
    if not lines.first:
        del guesses["preamble"]
    records = tuple(dict(zip(columns, (value or None for value in row), strict=True)) for row in whole)
    return Shape(
        {name: guess for name, guess in guesses.items() if guess},
        columns,
        records,
        footer=tuple(rows[lines.last]) if lines.last < len(rows) else (),
    )


def _dialect(text: str) -> tuple[str, str, str]:
    import clevercsv  # takes a second: only a draft pays

    sample = text[:_ENOUGH] if len(text) <= _ENOUGH else text[: text.rindex("\n", 0, _ENOUGH) + 1]
    found = clevercsv.Detector().detect(sample)
    if found is None or not found.delimiter:
        raise ParameterError(
            f"the sample has no delimiter that clevercsv can find: {text[:60]!r}; expected delimited text with two "
            "columns or more, JSON, or JSON lines; nothing was written"
        )
    return found.delimiter, found.quotechar or "", found.escapechar or ""


def _rows(text: str, delimiter: str, quote: str, escape: str) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        escapechar=escape or None,
        doublequote=not escape,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    try:
        return [row for row in reader if row]
    except csv.Error as cause:
        raise ParameterError(
            f"the sample cannot be read as delimited by {delimiter!r}, line {reader.line_num:,}: {cause}; give a "
            "sample without the broken line; nothing was written"
        ) from cause


def _line_end(text: str) -> Guess:
    counts = Counter(re.findall(r"\r\n|\n|\r", text))
    most = max(counts, key=counts.__getitem__, default="\n")
    others = sum(counts.values()) - counts[most]
    told = f"{counts[most]:,} lines end so" + (f", {others:,} otherwise: those would be refused" if others else "")
    return Guess(_LINE_ENDS[most], told)


def _table_in(rows: Sequence[Sequence[str]]) -> _Lines:
    """Find the lines of the usual width; what stands before them is preamble, one other line at the end a footer."""
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    first = next(number for number, row in enumerate(rows) if len(row) == width)
    return _Lines(rows, first, len(rows) - 1 if len(rows[-1]) != width else len(rows))


def _header(lines: _Lines) -> Guess:
    names = [name.strip() for name in lines.rows[lines.first]]
    values = [value for value in names if is_number(value) or guess_formats([value])]
    if values or len(set(names)) < len(names) or "" in names:
        seen = values[0] if values else "a name that is empty or stands twice"
        return Guess(value=False, because=f"the first line holds {seen!r}: it names no columns; name them below")
    return Guess(value=True, because="the first line holds names")


def _quote(text: str, delimiter: str, quote: str) -> Guess | None:
    """Guess what stands around fields; None for the double quote, and where the sample has no quote at all."""
    mark = quote or '"'
    times = counted(text.count(mark), "time")
    if mark not in text:
        return None
    between = re.escape(delimiter)
    around = rf"(?m)(?:^|{between}){mark}(?:[^{mark}]|{mark}{mark}|\\{mark})*{mark}(?={between}|\r?$)"
    if not re.search(around, text[:_ENOUGH]):
        return Guess(None, f"{mark} stands {times} in the sample, nowhere around a field: it is a part of the text")
    return Guess(mark, f"stands {times} in the sample, around fields, too") if mark != '"' else None


def _breaks(rows: Sequence[Sequence[str]]) -> Guess | None:
    count = sum("\n" in value or "\r" in value for row in rows for value in row)
    return Guess(value=True, because=f"{count:,} quoted fields hold a line break") if count else None


def _null_words(rows: Sequence[Sequence[str]]) -> Guess | None:
    counts = Counter(value for row in rows for value in row if value in _NULL_WORDS)
    told = ", ".join(f"{word!r} stands {count:,} times" for word, count in counts.items())
    return Guess(["", *counts], f"{told}; take out what is a value") if counts else None
