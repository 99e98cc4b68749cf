"""One JSON document with a list of records: spans, exact numbers, no duplicate keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from sales_lakehouse.scan.pieces import Piece
from sales_lakehouse.specs.source import JsonFormat, SourceSpec


def scan_json(content: bytes, spec: SourceSpec, layout: JsonFormat) -> tuple[list[Piece], str | None]:
    """Return the pieces of a page, and the reason when it cannot be read as a whole.

    The envelope around the records counts as header and footer, what stands between them as blank.
    """
    try:
        text = content.decode("utf-8")
        spans = _record_spans(text, layout.records)
    except (ValueError, RecursionError) as cause:
        return [Piece("refused", 0, len(content))], (f"not one JSON object with a list {layout.records!r}: {cause}")
    return list(_pieces(text, spans, spec.columns)), None


def _pieces(text: str, spans: list[tuple[int, int]], columns: tuple[str, ...]) -> Iterator[Piece]:
    position, byte = 0, 0
    for start, end in spans:
        between = len(text[position:start].encode())
        yield Piece("blank" if position else "header", byte, between)
        length = len(text[start:end].encode())
        yield _record(text[start:end], byte + between, length, columns)
        position, byte = end, byte + between + length
    yield Piece("footer", byte, len(text[position:].encode()))


def _record(text: str, start: int, length: int, columns: tuple[str, ...]) -> Piece:
    try:
        fields = _decode(text)
    except (ValueError, TypeError, RecursionError) as cause:
        return Piece("refused", start, length, reason=f"unreadable record: {cause}", raw=text)
    missing = [name for name in columns if name not in fields]
    if missing:
        return Piece("refused", start, length, reason=f"field {', '.join(missing)} is missing", raw=text)
    values = {name: _as_text(fields.pop(name)) for name in columns}
    extra = json.dumps(fields, ensure_ascii=False) if fields else None
    return Piece("record", start, length, values=values, extra=extra)


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value, ensure_ascii=False)


def _decode(text: str) -> dict[str, Any]:
    """Decode an object with every scalar as the text it was written with."""
    value = json.loads(
        text, parse_float=str, parse_int=str, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys
    )
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return {key: _stringly(item) for key, item in value.items()}


def _stringly(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [_stringly(item) for item in value]
    if isinstance(value, dict):
        return {key: _stringly(item) for key, item in value.items()}
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


@dataclass
class _Cursor:
    """A position in JSON text that moves over members without building them."""

    text: str
    at: int = 0

    def expect(self, characters: str) -> str:
        self.skip_blanks()
        found = self.text[self.at : self.at + 1]
        if not found or found not in characters:
            raise ValueError(f"expected one of {characters!r} at character {self.at}, got {found or 'the end'!r}")
        self.at += 1
        return found

    def skip_blanks(self) -> None:
        while self.text[self.at : self.at + 1] in (" ", "\t", "\n", "\r"):
            self.at += 1

    def value(self) -> tuple[Any, int, int]:
        self.skip_blanks()
        start = self.at
        decoded, self.at = _DECODER.raw_decode(self.text, start)
        return decoded, start, self.at


_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)


def _record_spans(text: str, records: str) -> list[tuple[int, int]]:
    cursor, spans = _Cursor(text), None
    mark = cursor.expect("{")
    while mark != "}":
        key, _, _ = cursor.value()
        cursor.expect(":")
        if key == records and spans is None:
            spans = _list_spans(cursor)
        else:
            cursor.value()
        mark = cursor.expect(",}")
    cursor.skip_blanks()
    if cursor.at != len(text):
        raise ValueError(f"text after the document at character {cursor.at}")
    if spans is None:
        raise ValueError("there is no such list")
    return spans


def _list_spans(cursor: _Cursor) -> list[tuple[int, int]]:
    cursor.expect("[")
    cursor.skip_blanks()
    spans: list[tuple[int, int]] = []
    if cursor.text[cursor.at : cursor.at + 1] == "]":
        cursor.at += 1
        return spans
    mark = ","
    while mark == ",":
        _, start, end = cursor.value()
        spans.append((start, end))
        mark = cursor.expect(",]")
    return spans
