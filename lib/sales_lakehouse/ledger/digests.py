"""Fingerprints: of a file's bytes, and of the rows that each unit or slice has in it."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_UNIT_COLUMNS = ("_unit_id", "unit_id")
_BATCH_ROWS = 20_000
# What no text holds stands between two fields, and before a field that is there: NULL is not an empty text.
_BETWEEN, _THERE = "\x1f", "\x1e"


def digest_bytes(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def digest_parts(path: Path, elsewhere: str) -> dict[str, str]:
    """Return the fingerprint of the rows of each unit in a parquet file; of all as `elsewhere` in one without units.

    The order of the rows does not matter, their number does.
    Raises: an error of Arrow when the file is no parquet any more.
    """
    sums: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    for batch in pq.ParquetFile(path).iter_batches(_BATCH_ROWS):
        unit = next((name for name in _UNIT_COLUMNS if name in batch.schema.names), None)
        parts = batch[unit].to_pylist() if unit else [elsewhere] * batch.num_rows
        for part, text in zip(parts, _row_texts(batch), strict=True):
            sums[str(part)] += int.from_bytes(hashlib.sha256(text.encode()).digest())
            counts[str(part)] += 1
    return {part: f"{counts[part]} rows {sums[part] % 2**128:032x}" for part in sorted(sums)}


def _row_texts(batch: pa.RecordBatch) -> list[str]:
    columns = [_as_texts(column) for column in batch.columns]
    return pc.binary_join_element_wise(*columns, _BETWEEN).to_pylist() if columns else []


def _as_texts(column: pa.Array) -> pa.Array:
    try:
        texts = column.cast(pa.string())
    except pa.ArrowNotImplementedError:  # a list, a struct
        texts = pa.array(json.dumps(value, default=str) if value is not None else None for value in column.to_pylist())
    marked = pc.binary_join_element_wise(pa.array([_THERE] * len(texts)), texts.cast(pa.string()), "")
    return pc.fill_null(marked, "")
