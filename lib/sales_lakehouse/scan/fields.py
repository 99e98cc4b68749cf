"""Cut one record of delimited text into its fields, or say in words why it is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from sales_lakehouse.scan.broken import Refusal
from sales_lakehouse.scan.grammar import LINE_ENDS
from sales_lakehouse.specs.formats import CsvFormat

_NAMES = {"\n": "LF", "\r\n": "CRLF", "\r": "CR", "": "nothing"}
_BOM = "\ufeff"


@dataclass(frozen=True)
class FieldReader:
    """Reads the text of single records in a declared dialect."""

    dialect: CsvFormat

    def read(self, text: str) -> list[str | None]:
        """Return the fields of a record with its line end; NULL where a null word stands unquoted.

        Raises: Refusal with the reason.
        """
        body = self._without_line_end(text)
        for sign, name in (("\0", "NUL byte"), (_BOM, "byte order mark")):
            if sign in body:
                raise Refusal(f"a {name} inside the record, at character {body.index(sign)}")
        fields: list[str | None] = []
        at = 0
        while True:
            field, at = self._field(body, at, len(fields) + 1)
            fields.append(field)
            if at == len(body):
                return fields
            at += 1

    def _without_line_end(self, text: str) -> str:
        declared = LINE_ENDS[self.dialect.line_end].decode()
        end = next((end for end in ("\r\n", "\n", "\r") if text.endswith(end)), "")
        if end and end != declared:
            raise Refusal(f"the line ends with {_NAMES[end]}, not with {_NAMES[declared]} as declared")
        body = text.removesuffix(declared)
        if not self.dialect.line_breaks_in_fields and ("\r" in body or "\n" in body):
            raise Refusal("a line break inside the line that is not the declared line end")
        return body

    def _field(self, text: str, at: int, number: int) -> tuple[str | None, int]:
        quote = self.dialect.quote
        if quote and text.startswith(quote, at):
            return self._quoted(text, at, number)
        found = self._unquoted.match(text, at)
        if found is None or not self._ends(text, found.end()):
            raise Refusal(f"nothing stands after the backslash in field {number}")
        value = found[0]
        if "\r" in value or "\n" in value:
            raise Refusal(f"a line break inside field {number}, which is not quoted")
        if quote and quote in self._unescaped(value, keep=False):
            raise Refusal(f"a quote inside field {number}, which is not quoted")
        return (None if value in self.dialect.null_words else self._unescaped(value)), found.end()

    def _quoted(self, text: str, at: int, number: int) -> tuple[str, int]:
        found = self._in_quotes.match(text, at)
        if found is None:
            or_swallowed = ", or a line inside it is a record of its own" if self.dialect.line_breaks_in_fields else ""
            raise Refusal(f"the quote of field {number} is not closed{or_swallowed}")
        if not self._ends(text, found.end()):
            raise Refusal(f"text after the closing quote of field {number}")
        quote = self.dialect.quote or ""
        value = found[0][1:-1]
        return (value.replace(quote * 2, quote) if self._doubles else self._unescaped(value)), found.end()

    def _ends(self, text: str, at: int) -> bool:
        return at == len(text) or text[at] == self.dialect.delimiter

    def _unescaped(self, value: str, *, keep: bool = True) -> str:
        return value if self._doubles else re.sub(r"\\(.)", r"\1" if keep else "", value, flags=re.DOTALL)

    @property
    def _doubles(self) -> bool:
        return self.dialect.escape == "doubled"

    @cached_property
    def _unquoted(self) -> re.Pattern[str]:
        delimiter = re.escape(self.dialect.delimiter)
        return re.compile(rf"[^{delimiter}]*+" if self._doubles else rf"(?:[^{delimiter}\\]|\\.)*+", re.DOTALL)

    @cached_property
    def _in_quotes(self) -> re.Pattern[str]:
        quote = re.escape(self.dialect.quote or "")
        inside = rf"[^{quote}]|{quote}{quote}" if self._doubles else rf"[^{quote}\\]|\\."
        return re.compile(rf"{quote}(?:{inside})*+{quote}", re.DOTALL)
