"""The characters of a unit, as bytes in which delimiter, quote and line end stand for themselves."""

from __future__ import annotations

import codecs
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from sales_lakehouse.scan.broken import UnitBroken
from sales_lakehouse.scan.spool import Buffer, Scratch
from sales_lakehouse.specs.formats import CsvFormat
from sales_lakehouse.wording import encoding_name

UTF8_BOM = codecs.BOM_UTF8
_CHUNK = 2**20
_MARKED = {
    "utf-16": {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"},
    "utf-32": {codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be"},
}
_FOREIGN = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16", UTF8_BOM: "UTF-8"}


@dataclass(frozen=True)
class Characters:
    """A unit's text: the bytes to scan and their encoding, the bytes as they came and theirs."""

    content: Buffer
    encoding: str
    original: Buffer
    original_encoding: str

    @property
    def is_transcoded(self) -> bool:
        """Tell whether spans must be told in other bytes than those that are scanned."""
        return self.content is not self.original

    def raw(self, start: int, length: int) -> str:
        """Return a span of the original as text, with escapes for what is none."""
        return self.original[start : start + length].decode(self.original_encoding, errors="backslashreplace")


def characters_of(content: Buffer, dialect: CsvFormat, files: ExitStack) -> Characters:
    """Return a unit's characters.

    Raises: UnitBroken when the unit begins as one of another encoding, or is not of this one.
    """
    name = codecs.lookup(dialect.encoding).name
    if name in _MARKED:
        name = _by_its_mark(content, name)
        return _transcoded(content, name, files)
    if not is_transparent(name):
        return _transcoded(content, name, files)
    for mark, other in _FOREIGN.items():
        if content[: len(mark)] == mark and (name, mark) != ("utf-8-sig", UTF8_BOM):
            hint = "; declare encoding utf-8-sig" if name == "utf-8" and mark == UTF8_BOM else ""
            raise UnitBroken(
                f"the unit begins with the byte order mark of {other}, declared is {encoding_name(name)}{hint}"
            )
    name = "utf-8" if name == "utf-8-sig" else name
    return Characters(content, name, content, name)


@lru_cache
def is_transparent(encoding: str) -> bool:
    """Tell whether ASCII bytes mean ASCII characters wherever they stand in this encoding."""
    ascii_bytes = bytes(range(128))
    try:
        if ascii_bytes.decode(encoding) != ascii_bytes.decode("ascii"):
            return False
    except UnicodeDecodeError:
        return False
    mark = bytes(range(0x30, 0x7F)) + b'",;\t|\r\n'
    return all(
        (bytes([lead, sign]) + mark).decode(encoding, errors="replace").endswith((bytes([sign]) + mark).decode("ascii"))
        for lead in range(128, 256)
        for sign in mark
    )


def in_original_spans(batch: pa.RecordBatch, text: Characters, begin: int) -> pa.RecordBatch:
    """Tell the spans of rows in the bytes that were delivered, `begin` being the first row's first one."""
    spans = zip(batch["_byte_start"].to_pylist(), batch["_byte_length"].to_pylist(), strict=True)
    lengths = np.array(
        [len(text.content[s : s + n].decode("utf-8").encode(text.original_encoding)) for s, n in spans], np.int64
    )
    starts = begin + np.cumsum(lengths) - lengths
    for name, numbers in (("_byte_start", starts), ("_byte_length", lengths)):
        batch = batch.set_column(batch.schema.get_field_index(name), name, pa.array(numbers, pa.int64()))
    return batch


def _by_its_mark(content: Buffer, name: str) -> str:
    for mark, ordered in _MARKED[name].items():
        if content[: len(mark)] == mark:
            return ordered
    raise UnitBroken(f"the unit has no byte order mark; declare {name}-le or {name}-be, or it is no {name} at all")


def _transcoded(content: Buffer, encoding: str, files: ExitStack) -> Characters:
    scratch, decoder, at = Scratch(files), codecs.getincrementaldecoder(encoding)(), 0
    again, said = 0, encoding_name(encoding)
    while True:
        chunk = content[at : at + _CHUNK]
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk, final=not chunk)
            again += len(text.encode(encoding))
        except UnicodeDecodeError as cause:
            raise UnitBroken(f"not decodable in {said} at byte {at - held + cause.start}: {cause.reason}") from cause
        except UnicodeEncodeError as cause:
            raise UnitBroken(f"characters of {said} that cannot be written back, near byte {at}") from cause
        scratch.write(text.encode("utf-8"))
        at += len(chunk)
        if not chunk:
            break
    if again != len(content):
        raise UnitBroken(f"{said} gives {again} bytes when it is written back, {len(content)} were delivered")
    return Characters(scratch.content(), "utf-8", content, encoding)
