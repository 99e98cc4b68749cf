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
from sales_lakehouse.specs.source import Mapping

Value = str | int | bool | Decimal | date | datetime


@dataclass(frozen=True)
class Spelling:
    """How a source writes numbers and times: decimal mark, Spark time pattern, IANA zone."""

    decimal_mark: str
    time_format: str
    time_zone: str


def spelling_of(mapping: Mapping, source: SourceSpec) -> Spelling:
    """Return how the texts of one silver column are written: the source's style, or the mapping's own."""
    style = source.style
    return Spelling(style.decimal_mark, mapping.time_format or style.time_format, mapping.time_zone or style.time_zone)


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
        return _whole(text, _WHOLE[type_name])
    if type_name.startswith("DECIMAL"):
        return _decimal(text, type_name, spelling.decimal_mark)
    if type_name == "BOOLEAN":
        return {"true": True, "false": False}.get(text)
    shown = clock.read(text, spelling.time_format)
    if shown is None or type_name == "DATE":
        return shown and shown.date()
    return _in_utc(shown, ZoneInfo(spelling.time_zone))


_WHOLE = {"INT": 31, "BIGINT": 63}
"""How many bits hold the value beside its sign."""


def _whole(text: str, bits: int) -> int | None:
    value = int(text) if re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None
    return value if value is not None and -(2**bits) <= value < 2**bits else None


def _decimal(text: str, type_name: str, mark: str) -> Decimal | None:
    precision, scale = (int(number) for number in re.findall(r"\d+", type_name))
    fraction = rf"(?:{re.escape(mark)}[0-9]{{1,{scale}}})?" if scale else ""
    spelled = re.fullmatch(rf"[+-]?[0-9]{{1,{precision - scale}}}{fraction}", text)
    return Decimal(text.replace(mark, ".")) if spelled else None


def _in_utc(shown: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the moment that a wall clock shows; None for an hour that the clock skipped."""
    # Of an hour that comes twice, zoneinfo takes the first, as Spark does.
    moment = shown.replace(tzinfo=zone).astimezone(UTC)
    return moment.replace(tzinfo=None) if moment.astimezone(zone).replace(tzinfo=None) == shown else None
