"""Records that are JSON objects: each brings its own names, so each is held against the contract."""

from __future__ import annotations

import json

from sales_lakehouse.scan.broken import Refusal
from sales_lakehouse.scan.contract import did_you_mean, listed
from sales_lakehouse.scan.json_text import as_text, decode_object
from sales_lakehouse.scan.rows import Piece
from sales_lakehouse.specs import SourceSpec

_RAW = 2**16


class ObjectReader:
    """Makes pieces of objects, and remembers how their fields differ from the agreed ones."""

    def __init__(self, source: SourceSpec) -> None:
        self._source = source
        self._kept = 0
        self._missing: str | None = None
        self._added: str | None = None

    def read(self, text: str, start: int, length: int) -> Piece:
        """Return what an object's text is: a record, or a refusal with its reason."""
        limit = self._source.format.max_record_bytes
        try:
            _check_bytes(text, length, limit)
            return self._record(text, start, length)
        except Refusal as reason:
            raw = text if length <= limit else text[:_RAW]
            shown = raw.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")
            return Piece("refused", start, length, reason=f"unreadable record: {reason}", raw=shown)

    @property
    def broken(self) -> str | None:
        """Return the change of the contract that is all records', if there is one."""
        if self._added and self._source.on_change.added == "quarantine":
            return f"field {self._added} is new; the source's on_change.added lets none pass"
        return self._missing if self._missing and not self._kept else None

    def _record(self, text: str, start: int, length: int) -> Piece:
        fields = self._renamed(decode_object(text))
        missing = [name for name in self._source.columns if name not in fields]
        if missing and (self._source.on_change.missing == "quarantine" or len(missing) == len(self._source.columns)):
            self._missing = f"field {listed(missing)} is missing{did_you_mean(missing, [*fields])}"
            raise Refusal(self._missing)
        values = {name: as_text(fields.pop(name, None)) for name in self._source.columns}
        self._kept += 1
        if fields:
            self._added = self._added or listed(sorted(fields))
        return Piece(
            "record", start, length, values=values, extra=json.dumps(fields, ensure_ascii=False) if fields else None
        )

    def _renamed(self, fields: dict[str, object]) -> dict[str, object]:
        aliases = self._source.on_change.renamed
        named = {aliases.get(name, name): value for name, value in fields.items()}
        if len(named) < len(fields):
            raise Refusal(f"a field stands there under an old and the agreed name ({listed([*fields])})")
        return named


def _check_bytes(text: str, length: int, limit: int) -> None:
    if length > limit:
        raise Refusal(f"a record of {length:,} bytes, at most {limit:,} are read")
    if not text.isascii() and any("\udc80" <= sign <= "\udcff" for sign in text):
        raise Refusal("not decodable in utf-8")
