"""Read a sample of the records again with Python's csv module and compare value by value."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sales_lakehouse.scan.characters import Characters
from sales_lakehouse.scan.contract import Layout
from sales_lakehouse.specs.formats import CsvFormat

_SAMPLE = 300
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Auditor:
    """Holds rows against their bytes; spans are those of the scanned bytes."""

    text: Characters
    dialect: CsvFormat
    layout: Layout

    def differs(self, batch: pa.RecordBatch) -> str | None:
        """Compare some hundred records, the first and the last among them; return the first difference in words."""
        is_record = pc.equal(batch["_kind"], "record").to_numpy(zero_copy_only=False)
        sampled = _sample(np.flatnonzero(is_record), batch["_byte_start"].to_numpy())
        for row in batch.take(pa.array(sampled)).to_pylist():
            start, length = row["_byte_start"], row["_byte_length"]
            text = self.text.content[start : start + length].decode(self.text.encoding)
            column = self._first_difference(row, text)
            if column:
                return (
                    f"the record at byte {start:,}, column {column}: two readers differ "
                    f"({self._value(row, column)!r} was read); a defect of the reader"
                )
        return None

    def _first_difference(self, row: dict[str, str | None], text: str) -> str | None:
        again = self._again(text)
        if len(again) != len(self.layout.names):
            return "count"
        for name, other in zip(self.layout.names, again, strict=True):
            value = self._value(row, name)
            if value != other and not (value is None and other in self._null_words):
                return name
        return None

    def _value(self, row: dict[str, str | None], name: str) -> str | None:
        return row[name] if name in self.layout.agreed else json.loads(row["_extra"] or "{}").get(name)

    def _again(self, text: str) -> list[str]:
        backslash = self.dialect.escape == "backslash"
        limit = csv.field_size_limit(max(len(text), 2**17))
        try:
            body = text[:-2] if text.endswith("\r\n") else text.rstrip("\r\n") if text[-1:] in "\r\n" else text
            reader = csv.reader(
                [body],
                delimiter=self.dialect.delimiter,
                quotechar=self.dialect.quote,
                quoting=csv.QUOTE_MINIMAL if self.dialect.quote else csv.QUOTE_NONE,
                doublequote=not backslash,
                escapechar="\\" if backslash else None,
                strict=True,
            )
            return next(reader, [])
        finally:
            csv.field_size_limit(limit)

    @property
    def _null_words(self) -> set[str]:
        words = self.dialect.null_words
        return {*words, *(word.removeprefix("\\") for word in words if self.dialect.escape == "backslash")}


def _sample(records: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Choose rows by a hash of where they stand: any place is as likely, and the same file gives the same sample."""
    if len(records) <= _SAMPLE:
        return records
    hashed = starts[records].astype(np.uint64) * _GOLDEN
    return np.unique(np.concatenate([records[[0, -1]], records[np.argpartition(hashed, _SAMPLE)[:_SAMPLE]]]))
