"""What a unit is made of: rows whose spans cover every byte of it, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sales_lakehouse.specs import SourceSpec

Kind = Literal["header", "blank", "preamble", "footer", "record", "refused", "quarantined"]
Spans = tuple[np.ndarray, np.ndarray]  # starts and lengths
_NO_RECORDS = pa.array(["header", "blank", "preamble", "footer"])
_TEXT = ("_extra", "_kind", "_reason", "_raw")
_NUMBERS = ("_record_no", "_byte_start", "_byte_length")


@dataclass(frozen=True)
class Piece:
    """One row that was read by itself: a span and what it is, `values` by column name for a record."""

    kind: Kind
    start: int
    length: int
    values: Mapping[str, str | None] | None = None
    extra: str | None = None
    reason: str | None = None
    raw: str | None = None


def scan_schema(source: SourceSpec) -> pa.Schema:
    """Return the schema of a source's rows: the agreed columns as text, then what a row is and where it stands."""
    texts = [pa.field(name, pa.string()) for name in (*source.columns, *_TEXT)]
    return pa.schema([*texts, *(pa.field(name, pa.int64()) for name in _NUMBERS)])


def pieces_batch(pieces: Sequence[Piece], schema: pa.Schema) -> pa.RecordBatch:
    """Return pieces as rows. Grain: one row per piece; `_record_no` is not yet known."""
    columns = schema.names[: -len(_TEXT) - len(_NUMBERS)]
    values: dict[str, list[object]] = {name: [(p.values or {}).get(name) for p in pieces] for name in columns}
    values |= {
        "_extra": [p.extra for p in pieces],
        "_kind": [p.kind for p in pieces],
        "_reason": [p.reason for p in pieces],
        "_raw": [p.raw for p in pieces],
        "_record_no": [None] * len(pieces),
        "_byte_start": [p.start for p in pieces],
        "_byte_length": [p.length for p in pieces],
    }
    return pa.RecordBatch.from_pydict(values, schema=schema)


def records_batch(values: Mapping[str, pa.Array], spans: Spans, schema: pa.Schema) -> pa.RecordBatch:
    """Return whole columns of records as rows; a column without values is NULL."""
    starts, lengths = spans
    known = {**values, "_kind": pa.repeat("record", len(starts)), "_byte_start": starts, "_byte_length": lengths}
    arrays = [
        pa.array(known[field.name], field.type) if field.name in known else pa.nulls(len(starts), field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def in_byte_order(records: pa.RecordBatch, pieces: pa.RecordBatch) -> pa.RecordBatch:
    """Merge rows that were read fast and rows that were read alone."""
    if not pieces.num_rows or not records.num_rows:
        return records if records.num_rows else pieces
    both = pa.Table.from_batches([records, pieces]).combine_chunks().to_batches()[0]
    # An empty header has the start of the record after it: a stable order keeps what has no bytes before.
    order = np.lexsort((both["_byte_length"].to_numpy(), both["_byte_start"].to_numpy()))
    return both.take(pa.array(order))


def numbered(batch: pa.RecordBatch, before: int) -> pa.RecordBatch:
    """Give the records numbers that follow those before; what is no record has none."""
    is_record = pc.invert(pc.is_in(batch["_kind"], value_set=_NO_RECORDS))
    numbers = np.cumsum(is_record.to_numpy(zero_copy_only=False)) + before
    return batch.set_column(
        batch.schema.get_field_index("_record_no"),
        "_record_no",
        pc.if_else(is_record, pa.array(numbers, pa.int64()), pa.scalar(None, pa.int64())),
    )


def set_aside(batch: pa.RecordBatch, reason: str, raw: Callable[[int, int], str]) -> pa.RecordBatch:
    """Put the unit's reason and each record's own text in place of its values."""
    numbers = batch["_record_no"].to_pylist()
    spans = zip(batch["_byte_start"].to_pylist(), batch["_byte_length"].to_pylist(), strict=True)
    raws = [raw(*span) if number else None for number, span in zip(numbers, spans, strict=True)]
    is_record = pc.is_valid(batch["_record_no"])
    known = {
        "_kind": pc.if_else(is_record, "quarantined", batch["_kind"]),
        "_reason": pc.if_else(is_record, reason, pa.scalar(None, pa.string())),
        "_raw": pa.array([text or kept for text, kept in zip(raws, batch["_raw"].to_pylist(), strict=True)]),
        **{name: batch[name] for name in _NUMBERS},
    }
    arrays = [known[f.name] if f.name in known else pa.nulls(batch.num_rows, f.type) for f in batch.schema]
    return pa.RecordBatch.from_arrays(
        [a.cast(f.type) for a, f in zip(arrays, batch.schema, strict=True)], schema=batch.schema
    )
