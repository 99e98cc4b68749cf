"""Strict casts from text: a value is read exactly as written, or it is NULL and gets a reason.

Spark's own casts drop thousands marks, round decimals and shift times in a daylight-saving gap without a word;
here the text is first held against the only spelling that is allowed. (`$` would let a line break pass after it.)
"""

from __future__ import annotations

import re

from pyspark.sql import Column
from pyspark.sql import functions as F

from sales_lakehouse.spelling import FIRST_DAY, Spelling, grouped_by


def read_clock(text: Column, spelling: Spelling) -> Column:
    """Return what a text shows as wall clock, if anything: a column of its own, as `read_exactly` asks it thrice."""
    # The session's zone is UTC, which has no gaps: the wall clock is kept as it stands.
    return F.try_to_timestamp(text, F.lit(spelling.time_format))


def read_exactly(text: Column, type_name: str, spelling: Spelling, clock: Column) -> Column:
    """Return the value of a text column as a SQL type; NULL where it cannot be read exactly.

    `clock` is what `read_clock` made of the text of a time.
    Units: TIMESTAMP is UTC, DATE is the local date in the spelling's zone.
    Nulls: NULL stays NULL.
    """
    if type_name == "STRING":
        return text
    if type_name in ("INT", "BIGINT"):
        plain = _without_groups(text, spelling.thousands_mark)
        return F.when(plain.rlike(r"^[+-]?[0-9]{1,19}\z"), plain.try_cast(type_name))
    if type_name.startswith("DECIMAL"):
        return _decimal(_without_groups(text, spelling.thousands_mark), type_name, spelling.decimal_mark)
    if type_name == "BOOLEAN":
        return F.when(text.isin("true", "false"), text == "true")
    spelled = (F.date_format(clock, spelling.time_format) == text) & (clock >= F.lit(FIRST_DAY))
    if type_name == "DATE":
        return F.when(spelled, F.to_date(clock))
    utc = F.to_utc_timestamp(clock, spelling.time_zone)
    # Of times that the clock showed twice, Spark takes the first; clocks are set back by an hour, on Lord Howe by half.
    shown, half, hour = (
        F.from_utc_timestamp(utc + F.expr(f"INTERVAL {later} MINUTES"), spelling.time_zone) for later in (0, 30, 60)
    )
    return F.when(spelled & (shown == clock) & (half != clock) & (hour != clock), utc)


def _without_groups(text: Column, mark: str | None) -> Column:
    """Take the marks between groups of three digits away; where one stands elsewhere, all stay and are no number."""
    if mark is None:
        return text
    grouped = text.rlike(grouped_by(mark))
    return F.when(grouped, F.translate(text, mark, "")).otherwise(text)


def _decimal(text: Column, type_name: str, mark: str) -> Column:
    precision, scale = (int(number) for number in re.findall(r"\d+", type_name))
    fraction = rf"(?:{re.escape(mark)}[0-9]{{1,{scale}}})?" if scale else ""
    spelled = text.rlike(rf"^[+-]?[0-9]{{1,{precision - scale}}}{fraction}\z")
    return F.when(spelled, F.translate(text, mark, ".").try_cast(type_name))
