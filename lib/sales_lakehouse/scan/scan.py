"""Read a unit under its source's declared format; a unit that breaks its contract gives no record away."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import pyarrow as pa

from sales_lakehouse.scan.broken import UnitBroken
from sales_lakehouse.scan.csv_unit import CsvUnit
from sales_lakehouse.scan.json_unit import JsonUnit
from sales_lakehouse.scan.ndjson_unit import NdjsonUnit
from sales_lakehouse.scan.rows import Piece, numbered, pieces_batch, scan_schema, set_aside
from sales_lakehouse.scan.spool import Buffer, Spool
from sales_lakehouse.scan.totals import Totals, differ_as_delivered
from sales_lakehouse.scan.unpack import unpack
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.formats import CsvFormat, JsonFormat


class _Unit(Protocol):
    broken: str | None

    def batches(self) -> Iterator[pa.RecordBatch]: ...
    def raw(self, start: int, length: int) -> str: ...
    def totals_differ(self, totals: Totals) -> str | None: ...


def scan_unit(content: Any, source: SourceSpec, stated: Mapping[str, str] | None = None) -> Iterator[pa.RecordBatch]:
    """Cut a unit into rows whose spans cover every byte of it, once unpacked, in order.

    A record that cannot be read is refused with a reason. A unit that breaks its contract as a whole is quarantined:
    each of its records carries the unit's reason and its raw text; one without any record is a single row, so that
    the reason is not lost. Which of both it is, is known before the first batch is given out. A last footer without
    bytes bears, as its reason, the partner's totals that could not be compared.
    `stated` is what the partner says of the unit elsewhere: records, amount, sha256, bytes (of what was delivered).

    Grain: one unit → one row per record, header, blank line, preamble line or footer, as `scan_schema` has them.
    Raises: ValueError when `stated` has other keys.
    """
    delivered: Buffer = content if isinstance(content, bytes | mmap.mmap) else bytes(content)
    said, schema = dict(stated or {}), scan_schema(source)
    with ExitStack() as files:
        reason = differ_as_delivered(delivered, said)
        try:
            unpacked = unpack(delivered, source.format, files)
            unit = _unit_of(unpacked, source, files)
        except UnitBroken as broken:
            yield _whole(delivered, schema, str(broken))
            return
        spool, totals = Spool(schema, files), Totals(source)
        found = _drain(unit, spool, totals, len(unpacked))
        reason = reason or unit.broken or found or unit.totals_differ(totals) or totals.differ(said, "the partner")
        if reason and not totals.records:
            yield _whole(unpacked, schema, reason)
            return
        for batch in spool.batches():
            yield set_aside(batch, reason, unit.raw) if reason else batch
        if totals.remarks and not reason:
            yield pieces_batch([Piece("footer", len(unpacked), 0, reason="; ".join(totals.remarks))], schema)


@contextmanager
def spanned(content: Buffer, source: SourceSpec) -> Iterator[Buffer]:
    """Give the bytes that the spans of a unit's rows point into: unpacked, or as delivered where that cannot be."""
    with ExitStack() as files:
        try:
            unpacked = unpack(content, source.format, files)
        except UnitBroken:
            unpacked = content
        yield unpacked


def _drain(unit: _Unit, spool: Spool, totals: Totals, size: int) -> str | None:
    """Read a unit to its end; return in words where its rows do not follow each other."""
    at, gap = 0, None
    for batch in unit.batches():
        rows = numbered(batch, totals.records)
        totals.add(rows)
        spool.add(rows)
        starts, lengths = rows["_byte_start"].to_numpy(), rows["_byte_length"].to_numpy()
        if rows.num_rows and (starts[0] != at or (starts[1:] != (starts + lengths)[:-1]).any()):
            gap = gap or f"the rows from byte {at} on do not follow each other; a defect of the reader"
        at = int(starts[-1] + lengths[-1]) if rows.num_rows else at
    return gap or (None if at == size else f"the rows end at byte {at} of {size}; a defect of the reader")


def _unit_of(content: Buffer, source: SourceSpec, files: ExitStack) -> _Unit:
    if isinstance(source.format, CsvFormat):
        return CsvUnit(content, source, source.format, files)
    if isinstance(source.format, JsonFormat):
        return JsonUnit(content, source, source.format)
    return NdjsonUnit(content, source, source.format)


def _whole(content: Buffer, schema: pa.Schema, reason: str) -> pa.RecordBatch:
    return numbered(pieces_batch([Piece("quarantined", 0, len(content), reason=reason)], schema), 0)
