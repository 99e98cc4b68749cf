"""Strict casts from text: a value is read exactly as written, or it is NULL and gets a reason.

Spark's own casts drop thousands marks, round decimals and shift times in a daylight-saving gap without a word;
here the text is first held against the only spelling that is allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F


@dataclass(frozen=True)
class Spelling:
    """How a source writes numbers and times: decimal mark, Spark time pattern, IANA zone."""

    decimal_mark: str
    time_format: str
    time_zone: str


def read_exactly(text: Column, type_name: str, spelling: Spelling) -> Column:
    """Return the value of a text column as a SQL type; NULL where it cannot be read exactly.

    Units: TIMESTAMP is UTC, DATE is the local date in the spelling's zone.
    Nulls: NULL stays NULL.
    """
    if type_name == "STRING":
        return text
    if type_name in ("INT", "BIGINT"):
        return F.when(text.rlike(r"^[+-]?[0-9]{1,19}$"), text.try_cast(type_name))
    if type_name.startswith("DECIMAL"):
        return _decimal(text, type_name, spelling.decimal_mark)
    if type_name == "BOOLEAN":
        return F.when(text.isin("true", "false"), text == "true")
    local = _local_time(text, spelling.time_format)
    return F.to_date(local) if type_name == "DATE" else _to_utc(local, spelling.time_zone)


def _decimal(text: Column, type_name: str, mark: str) -> Column:
    precision, scale = (int(number) for number in re.findall(r"\d+", type_name))
    fraction = rf"(?:{re.escape(mark)}[0-9]{{1,{scale}}})?" if scale else ""
    spelled = text.rlike(rf"^[+-]?[0-9]{{1,{precision - scale}}}{fraction}$")
    return F.when(spelled, F.translate(text, mark, ".").try_cast(type_name))


def _local_time(text: Column, pattern: str) -> Column:
    # The session's zone is UTC, which has no gaps: the wall clock is kept as it stands.
    local = F.try_to_timestamp(text, F.lit(pattern))
    return F.when(F.date_format(local, pattern) == text, local)


def _to_utc(local: Column, zone: str) -> Column:
    utc = F.to_utc_timestamp(local, zone)
    return F.when(F.from_utc_timestamp(utc, zone) == local, utc)
