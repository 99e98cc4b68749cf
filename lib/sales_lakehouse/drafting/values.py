"""What the texts of a column look like: numbers in a style, times in a pattern, words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sales_lakehouse.drafting.guess import Guess
from sales_lakehouse.drafting.times import guess_formats

Kind = Literal["empty", "whole", "decimal", "time", "text"]
_NUMBER = re.compile(r"[+-]?(?=[0-9])[0-9.,' \u00a0\u202f]*[0-9]")
_GROUPED = {
    "'": re.compile(r"[+-]?[0-9]{1,3}('[0-9]{3})+([.,][0-9]+)?"),
    " ": re.compile(r"[+-]?[0-9]{1,3}( [0-9]{3})+([.,][0-9]+)?"),
    "\u00a0": re.compile("[+-]?[0-9]{1,3}(\u00a0[0-9]{3})+([.,][0-9]+)?"),
    "\u202f": re.compile("[+-]?[0-9]{1,3}(\u202f[0-9]{3})+([.,][0-9]+)?"),
}


@dataclass(frozen=True)
class Column:
    """What a column's texts have in common. `formats` are the time patterns that all of them fit."""

    name: str
    kind: Kind
    filled: int
    total: int
    formats: tuple[str, ...] = ()
    ending: str = ""

    @property
    def evidence(self) -> str:
        """Say how the texts look, in words."""
        words = {"whole": "are whole numbers", "decimal": "are numbers", "text": "are text", "time": "are times"}
        if self.kind == "empty":
            return "has no value in the sample"
        return f"{self.filled:,} of {self.total:,} values are filled and {words[self.kind]}"


@dataclass(frozen=True)
class Marks:
    """How the sample writes numbers."""

    decimal: Guess
    thousands: Guess | None


def is_number(text: str) -> bool:
    """Tell whether a text looks like a number in any style."""
    return _NUMBER.fullmatch(text) is not None


def guess_marks(texts: Iterable[str]) -> Marks:
    """Guess the decimal mark and the mark of thousands from the texts that look like numbers."""
    numbers = [text for text in texts if is_number(text)]
    pointed, comma = (sum(_is_decimal(text, mark) for text in numbers) for mark in ".,")
    mark, other = (",", ".") if comma > pointed else (".", ",")
    count = max(pointed, comma)
    groups = re.compile(rf"[+-]?[0-9]{{1,3}}(?:\{other}[0-9]{{3}})+(?:\{mark}[0-9]+)?")
    grouped = [text for text in numbers if groups.fullmatch(text)]
    thousands = Guess(other, f"{len(grouped):,} numbers such as {grouped[0]}") if grouped else _other_group(numbers)
    told = f"{count:,} numbers have decimals after it" if count else "no number of the sample has decimals"
    return Marks(Guess(mark, told), thousands)


def look_at(name: str, texts: Sequence[str | None], marks: Marks) -> Column:
    """Say what the texts of a column have in common."""
    filled = [text for text in texts if text]
    if not filled:
        return Column(name, "empty", 0, len(texts))
    formats = tuple(guess_formats(filled))
    if formats:
        return Column(name, "time", len(filled), len(texts), formats)
    plain = [_plain(text.strip(), marks) for text in filled]
    ending = ".0" if all(re.fullmatch(r"[0-9]+\.0", text) for text in filled) else ""
    kind: Kind = "text"
    if all(re.fullmatch(r"[+-]?[0-9]+", text) for text in plain):
        kind = "whole"
    elif all(re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) for text in plain):
        kind = "decimal"
    return Column(name, kind, len(filled), len(texts), ending=ending)


def _is_decimal(text: str, mark: str) -> bool:
    """Tell whether a mark surely stands before decimals: three digits after it could be a group of thousands."""
    whole, found, after = text.rpartition(mark)
    return bool(found) and after.isdigit() and mark not in whole and (len(after) != 3 or whole.strip("+-") == "0")


def _other_group(numbers: Sequence[str]) -> Guess | None:
    for mark, pattern in _GROUPED.items():
        grouped = [text for text in numbers if pattern.fullmatch(text)]
        if grouped:
            return Guess(mark, f"{len(grouped):,} numbers such as {grouped[0]}")
    return None


def _plain(text: str, marks: Marks) -> str:
    without = text.replace(marks.thousands.value, "") if marks.thousands else text
    return without.replace(marks.decimal.value, ".") if marks.decimal.value in without else without
