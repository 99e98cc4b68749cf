"""How a source writes values, and what a text says under that spelling: the casts of `typing`, without Spark.

`typing` is what the chain uses. This module answers for one text at a time, before a delivery; a test holds both
against each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from sales_lakehouse import clock
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.specs.judgement import Mapping

FIRST_DAY = date(1582, 10, 15)
"""The first day of today's calendar: what an older date means, programs do not agree on."""
Value = str | int | bool | Decimal | date | datetime


@dataclass(frozen=True)
class Spelling:
    """How a source writes numbers and times: decimal mark, Spark time pattern, IANA zone, mark of thousands."""

    decimal_mark: str
    time_format: str
    time_zone: str
    thousands_mark: str | None = None


def spelling_of(mapping: Mapping, source: SourceSpec) -> Spelling:
    """Return how the texts of one silver column are written: the source's style, or the mapping's own."""
    style = source.style
    time_format, time_zone = mapping.time_format or style.time_format, mapping.time_zone or style.time_zone
    return Spelling(style.decimal_mark, time_format, time_zone, style.thousands_mark)


def prepared(text: str | None, mapping: Mapping) -> str | None:
    """Return a raw text as it is held against its type: trimmed and without the ending its mapping takes away.

    Nulls: an empty text is NULL.
    """
    trimmed = (text or "").strip(" ") if mapping.trim else text or ""
    return trimmed.removesuffix(mapping.strip_suffix or "") or None


def is_time(type_name: str) -> bool:
    """Tell whether values of a SQL type are read from a wall clock."""
    return type_name in ("DATE", "TIMESTAMP")


def is_known(type_name: str, spelling: Spelling) -> bool:
    """Tell whether `read_text` knows the time pattern; what it does not know, only Spark can read."""
    return not is_time(type_name) or clock.knows(spelling.time_format)


@lru_cache(maxsize=65536)
def read_text(text: str, type_name: str, spelling: Spelling) -> Value | None:
    """Return what a text says as a SQL type; None where it cannot be read exactly.

    Units: TIMESTAMP is UTC without a zone, DATE is the local date in the spelling's zone.
    """
    if type_name == "STRING":
        return text
    if type_name in _WHOLE:
        return _whole(_without_groups(text, spelling.thousands_mark), _WHOLE[type_name])
    if type_name.startswith("DECIMAL"):
        return _decimal(_without_groups(text, spelling.thousands_mark), type_name, spelling.decimal_mark)
    if type_name == "BOOLEAN":
        return {"true": True, "false": False}.get(text)
    return _time(text, type_name, spelling)


_WHOLE = {"INT": 31, "BIGINT": 63}
"""How many bits hold the value beside its sign."""


def grouped_by(mark: str) -> str:
    """Return the expression of a number whose thousands are grouped by a mark, and by no mark elsewhere.

    It means the same in Python and in Spark, whose signs for the end of a text differ.
    """
    sign = re.escape(mark)
    return rf"^[+-]?[0-9]{{1,3}}(?:{sign}[0-9]{{3}})+(?![0-9])[^{sign}]*(?![\s\S])"


def _without_groups(text: str, mark: str | None) -> str:
    """Take the marks between groups of three digits away; where one stands elsewhere, all stay and are no number."""
    return text.replace(mark, "") if mark and re.match(grouped_by(mark), text) else text


def _whole(text: str, bits: int) -> int | None:
    value = int(text) if re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None
    return value if value is not None and -(2**bits) <= value < 2**bits else None


def _decimal(text: str, type_name: str, mark: str) -> Decimal | None:
    precision, scale = (int(number) for number in re.findall(r"\d+", type_name))
    fraction = rf"(?:{re.escape(mark)}[0-9]{{1,{scale}}})?" if scale else ""
    spelled = re.fullmatch(rf"[+-]?[0-9]{{1,{precision - scale}}}{fraction}", text)
    return Decimal(text.replace(mark, ".")) if spelled else None


def _time(text: str, type_name: str, spelling: Spelling) -> date | datetime | None:
    shown = clock.read(text, spelling.time_format)
    if shown is None or shown.date() < FIRST_DAY:
        return None
    return shown.date() if type_name == "DATE" else _in_utc(shown, ZoneInfo(spelling.time_zone))


def _in_utc(shown: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the moment that a wall clock shows; None for an hour that it skipped, or showed twice."""
    moment, again = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if moment != again:
        return None
    return moment.replace(tzinfo=None) if moment.astimezone(zone).replace(tzinfo=None) == shown else None
