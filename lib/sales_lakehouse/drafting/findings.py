"""What a sample tells: its shape, its columns, its numbers and times, its business date, its totals."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import chain, combinations

from sales_lakehouse import clock
from sales_lakehouse.drafting.guess import Guess, Record, Shape
from sales_lakehouse.drafting.names import match_names
from sales_lakehouse.drafting.times import others_swap_month
from sales_lakehouse.drafting.values import Column, Marks, guess_marks, is_number, look_at

_DATE = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")

_NAMING = ("order_id", "line_number", "product_id")


@dataclass(frozen=True)
class Findings:
    """A sample and everything that is guessed from its values."""

    file_name: str
    shape: Shape

    @cached_property
    def marks(self) -> Marks:
        """Return how numbers are written."""
        records = (*self.shape.records, *self.shape.items)
        return guess_marks(text for record in records for text in record.values() if text)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Return what each column looks like; one inside the exploded list as `lines.sku`."""
        plain = [name for name in self.shape.columns if name != self.shape.explode]
        found = {name: look_at(name, [r.get(name) for r in self.shape.records], self.marks) for name in plain}
        for name in dict.fromkeys(chain.from_iterable(self.shape.items)):
            texts = [item.get(name) for item in self.shape.items]
            found[f"{self.shape.explode}.{name}"] = look_at(name, texts, self.marks)
        return found

    @cached_property
    def origins(self) -> dict[str, str]:
        """Return which column is which of the silver table."""
        return match_names(self.columns)

    @cached_property
    def time_format(self) -> Guess:
        """Return the pattern of most time columns."""
        times = [column for column in self.columns.values() if column.kind == "time"]
        if not times:
            return Guess("yyyy-MM-dd HH:mm:ss", "no column of the sample holds times that are known here", open=True)
        form = Counter(column.formats[0] for column in times).most_common(1)[0][0]
        fitting = [column for column in times if column.formats[0] == form]
        told = f"all {fitting[0].filled:,} values of {', '.join(column.name for column in fitting)} match"
        if any(others_swap_month(column.formats) for column in fitting):
            return Guess(form, f"{told}, but so they do with day and month swapped: ask the partner", open=True)
        return Guess(form, told)

    @property
    def day(self) -> str | None:
        """Return the business date in the sample's file name."""
        found = _DATE.search(self.file_name)
        return found[0] if found else None

    def dates_of(self, origin: str) -> set[date]:
        """Return the dates that a time column holds."""
        form = self.columns[origin].formats[0]
        clocks = (clock.read(text, form) for text in self.texts_of(origin))
        return {shown.date() for shown in clocks if shown}

    def texts_of(self, origin: str) -> list[str]:
        """Return the filled texts of a column."""
        records, name = self.shape.records, origin
        if origin not in self.shape.columns:
            records, name = self.shape.items, origin.partition(".")[2]
        return [text for record in records if (text := record.get(name))]

    def unique_key(self) -> tuple[str, ...]:
        """Return the first column, or pair of columns, whose values differ in all records; none where all repeat.

        What a line says of its sale (how much, for how much, who, when) differs by chance, and is no key.
        """
        told = {origin for name, origin in self.origins.items() if name not in _NAMING}
        known = [name for name in self.shape.columns if name in self.columns and name not in told]
        usable = [name for name in known if self.columns[name].kind in ("text", "whole")]
        full = [name for name in usable if self.columns[name].filled == len(self.shape.records)]
        for names in chain(combinations(full, 1), combinations(full, 2)):
            values = {tuple(record[name] for name in names) for record in self.shape.records}
            if len(values) == len(self.shape.records) > 1:
                return names
        return ()

    def footer(self) -> tuple[dict[str, object], Guess] | None:
        """Return the partner's totals of a last line whose count is right, and the columns that make the amount."""
        fields = self.shape.footer
        count = next((n for n, text in enumerate(fields) if n and text == str(len(self.shape.records))), None)
        if not fields or is_number(fields[0]) or count is None:
            return None
        told = f"the last line counts {fields[count]} records, and so many there are"
        footer: dict[str, object] = {"marker": fields[0], "records": count}
        amount = next((n for n, text in enumerate(fields) if n not in (0, count) and is_number(text)), None)
        made_of = self._made_of(fields[amount]) if amount else ()
        if amount and made_of:
            footer["amount"] = amount
            told += f"; {fields[amount]} is their exact amount"
        return footer, Guess(list(made_of), told)

    def _made_of(self, total: str) -> tuple[str, ...]:
        numbers = [name for name, column in self.columns.items() if column.kind in ("whole", "decimal")]
        wanted = self._number(total)
        for names in chain(combinations(numbers, 1), combinations(numbers, 2)):
            if sum(self._product(record, names) for record in self.shape.records) == wanted:
                return names
        return ()

    def _product(self, record: Record, names: tuple[str, ...]) -> Decimal:
        found = Decimal(1)
        for name in names:
            found *= self._number(record.get(name) or "0")
        return found

    def _number(self, text: str) -> Decimal:
        without = text.replace(self.marks.thousands.value, "") if self.marks.thousands else text
        return Decimal(without.strip().replace(self.marks.decimal.value, "."))
