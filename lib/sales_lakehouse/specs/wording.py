"""What a declaration says wrong, in words: field, what stands there, what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sales_lakehouse.wording import did_you_mean

_LIMIT = 3
_SHOWN = 60


def in_words(error: ValidationError, document: Any, model: type[BaseModel]) -> str:
    """Return the first findings as sentences, and how many there are where more were found."""
    told = [_sentence(finding, document, model) for finding in error.errors()[:_LIMIT]]
    more = error.error_count() - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def _sentence(finding: ErrorDetails, document: Any, model: type[BaseModel]) -> str:
    place = ".".join(_steps(finding["loc"], document))
    kind, name = finding["type"], str(finding["loc"][-1]) if finding["loc"] else ""
    if kind == "missing":
        return f"{place} is missing"
    if kind == "extra_forbidden":
        return f"{place} is not a known field{did_you_mean(name, set(_names(model.model_json_schema())))}"
    if kind == "tuple_type":
        given = finding["input"]
        like = f", like [{given[:_SHOWN]}]" if isinstance(given, str) else ""
        return f"{place}: expected a list in brackets{like}, got {str(given)[:_SHOWN]!r}"
    what = finding["msg"].removeprefix("Value error, ")
    told = f"{place}: {what[:1].lower()}{what[1:]}" if place else what
    return told if kind == "value_error" else f"{told}, got {str(finding['input'])[:_SHOWN]!r}"


def _steps(path: tuple[int | str, ...], document: Any) -> Iterator[str]:
    """Name each step of a path; an element of a list by its own name, where it has one."""
    for step in path[:-1]:
        if _has(document, step):  # else it only tells which of several models was meant
            document = document[step]
            named = document.get("name") if isinstance(step, int) and isinstance(document, dict) else None
            yield f"{named or step}"
    yield from map(str, path[-1:])


def _has(document: Any, step: int | str) -> bool:
    return step in document if isinstance(document, dict) else isinstance(document, list) and isinstance(step, int)


def _names(schema: Any) -> Iterator[str]:
    """Give the names of all fields that a schema knows, at whatever depth."""
    for key, value in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "properties":
            yield from value
        if isinstance(value, dict | list):
            yield from _names(value)
