"""A sample of JSON: one document with a list of records, or one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sales_lakehouse.drafting.guess import Guess, Record, Shape
from sales_lakehouse.errors import ParameterError

_OPENING = ("{", "[")


def read_document(text: str) -> Shape | None:
    """Read one JSON document, or JSON lines; None when the text is neither.

    Raises: ParameterError for JSON that is cut or damaged, or holds no list of objects.
    """
    try:
        return _of_document(_decode(text))
    except ValueError as cause:
        whole, lines = cause, [line for line in text.splitlines() if line.strip()]
    try:
        records = [_decode(line) for line in lines]
    except ValueError:
        if text.lstrip().startswith(_OPENING):
            raise ParameterError(
                f"the sample begins as JSON and is none: {whole}; it may be cut; expected one whole document, or one "
                "whole object a line; nothing was written"
            ) from whole
        return None
    return _shape({"kind": Guess("ndjson", f"{len(records):,} lines hold one object each")}, records)


def _of_document(document: Any) -> Shape | None:
    if not isinstance(document, dict | list):
        return None  # a lone number is a line of delimited text, too
    found = max(_lists(document), key=lambda pair: len(pair[1]), default=None)
    if found is None:
        if isinstance(document, dict):
            return _shape({"kind": Guess("ndjson", "one line holds one object")}, [document])
        raise ParameterError("the sample is JSON without a list of objects; expected the records as such a list")
    path, records = found
    told = f"the longest list of objects: {len(records):,}"
    key = {"records": Guess(path, told)} if path else {}
    return _shape({"kind": Guess("json", "one document with a list of records"), **key}, records)


def _lists(value: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects that are reached through objects alone, each with its path."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        yield path, value
    elif isinstance(value, dict):
        for name, inside in value.items():
            yield from _lists(inside, f"{path}.{name}".lstrip("."))


def _shape(guesses: dict[str, Guess], records: Sequence[Any]) -> Shape:
    if not all(isinstance(record, dict) for record in records):
        raise ParameterError("the sample's records are no JSON objects; expected fields by name")
    columns = tuple(dict.fromkeys(name for record in records for name in record))
    explode = next((name for name in columns if _is_nested(records, name)), None)
    items = [item for record in records for item in record.get(explode) or []] if explode else []
    return Shape(guesses, columns, tuple(map(_texts, records)), explode, tuple(map(_texts, items)))


def _is_nested(records: Sequence[dict[str, Any]], name: str) -> bool:
    lists = [record[name] for record in records if record.get(name)]
    return bool(lists) and all(isinstance(value, list) and isinstance(value[0], dict) for value in lists)


def _texts(record: dict[str, Any]) -> Record:
    return {name: value if isinstance(value, str | None) else json.dumps(value) for name, value in record.items()}


def _decode(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str)
