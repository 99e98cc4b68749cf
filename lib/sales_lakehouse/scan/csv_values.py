"""Values of records that are proven to be valid: whole columns at once."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.csv

from sales_lakehouse.scan.contract import Layout
from sales_lakehouse.specs.formats import CsvFormat


def read_values(records: bytes, dialect: CsvFormat, fields: int) -> list[pa.Array]:
    """Return the columns of UTF-8 text that holds nothing but records of so many fields, all as text.

    Nulls: a null word that is not quoted.
    """
    names = [str(number) for number in range(fields)]
    table = pyarrow.csv.read_csv(
        pa.BufferReader(records),
        read_options=pyarrow.csv.ReadOptions(column_names=names, use_threads=False, block_size=len(records) + 1),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            double_quote=dialect.quote is not None,
            newlines_in_values=dialect.line_breaks_in_fields,
            ignore_empty_lines=False,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=list(dialect.null_words),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]


def by_name(columns: list[pa.Array], layout: Layout) -> dict[str, pa.Array]:
    """Name the columns: agreed ones by themselves, all others together in `_extra`."""
    named = dict(zip(layout.names, columns, strict=True))
    values = {name: column for name, column in named.items() if name in layout.agreed}
    if layout.extra:
        others = zip(*(named[name].to_pylist() for name in layout.extra), strict=True)
        values["_extra"] = pa.array([extra_text(layout.extra, texts) for texts in others], pa.string())
    return values


def extra_text(names: tuple[str, ...], texts: tuple[str | None, ...]) -> str:
    """Return the columns that nobody agreed on as one JSON object."""
    return json.dumps(dict(zip(names, texts, strict=True)), ensure_ascii=False)
