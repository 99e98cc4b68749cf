"""An answer understood as far as paging needs it: records, their ids, totals, and what leads on."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sales_lakehouse.rest.answer import Answer
from sales_lakehouse.rest.envelope import Doubled, read_envelope
from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.rest.question import Question

_SHOWN = 80


@dataclass(frozen=True)
class Page:
    """One page of a listing. Its values are for paging alone: bronze reads the bytes anew, and exactly."""

    answer: Answer
    number: int
    body: Any
    records: list[Any]
    ids: tuple[str, ...]
    total: int | None

    @property
    def content(self) -> bytes:
        """Return the bytes as they came."""
        return self.answer.content


def read_page(answer: Answer, number: int, question: Question) -> Page:
    """Understand an answer.

    Raises: FaultError when it is no page of the listing; what a record holds is no concern of this room.
    """
    body = _parse(answer)
    records = find(body, question.records, answer)
    if not isinstance(records, list):
        raise FaultError("no records", f"expected a list at {question.records or 'the top'}, {_shown(answer)}")
    ids = _ids(records, question)
    return Page(answer, number, body, records, ids, _total(answer, body, question))


def find(body: object, path: str, answer: Answer) -> object:
    """Return what stands at a path like data.orders; None where nothing does.

    Raises: FaultError when a key on the way stands twice.
    """
    for key in path.split(".") if path else ():
        if isinstance(body, Doubled):
            raise FaultError("duplicate keys", f"the object that should hold {key} has a key twice, {_shown(answer)}")
        body = body.get(key) if isinstance(body, dict) else None
    return body


def at(record: object, path: str) -> object:
    """Return a value of a record by its path; None where it is not there."""
    if "." not in path:
        return record.get(path) if isinstance(record, dict) else None
    for key in path.split("."):
        record = record.get(key) if isinstance(record, dict) else None
    return record


def is_there(body: object, path: str) -> bool:
    """Tell whether an answer has a key at a path, whatever it says there."""
    above, _, last = path.rpartition(".")
    found = at(body, above) if above else body
    return isinstance(found, dict) and last in found


def values_at(content: bytes, records: str, path: str) -> list[str]:
    """Return a value of every record of a page that landed; records without it have none."""
    body: object = read_envelope(content.decode("utf-8-sig"))
    listed = at(body, records) if records else body
    found = (at(record, path) for record in (listed if isinstance(listed, list) else []))
    return [str(value) for value in found if value is not None]


def _parse(answer: Answer) -> Any:
    kind = answer.headers.get("content-type", "")
    if kind and "json" not in kind.lower():
        name = "HTML instead of JSON" if "html" in kind.lower() else "wrong content type"
        raise FaultError(name, f"expected application/json, got {kind[:_SHOWN]!r}, {_shown(answer)}", passing=True)
    try:
        return read_envelope(answer.content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as cause:
        raise FaultError("invalid JSON", f"{type(cause).__name__}: {cause}"[:200], passing=True) from cause


def values_of(records: list[Any], path: str) -> list[Any]:
    """Return a value of each record by its path; None where it is not there."""
    if "." not in path:
        with suppress(KeyError, TypeError, IndexError):  # a record that lacks it, or is none: then with more care
            return [record[path] for record in records]
    return [at(record, path) for record in records]


def _ids(records: list[Any], question: Question) -> tuple[str, ...]:
    path = question.delivery.id
    found = values_of(records, path)
    for place, value in enumerate(found):
        if value is None or isinstance(value, dict | list):
            shown = json.dumps(records[place], default=str)[:_SHOWN]
            raise FaultError("no id", f"a record has no {path}: {shown}")
    return tuple(map(str, found))


def _total(answer: Answer, body: object, question: Question) -> int | None:
    total = question.delivery.total
    if total is None:
        return None
    told = answer.headers.get(total.header.lower()) if total.header else find(body, total.at or "", answer)
    text = str(told)
    if isinstance(told, bool) or not (text.isascii() and text.isdigit() and len(text) < 19):
        raise FaultError("no total", f"expected a whole number at {total.header or total.at}, got {text[:_SHOWN]!r}")
    return int(text)


def _shown(answer: Answer) -> str:
    return f"got {answer.content[:_SHOWN].decode(errors='replace')!r}"
