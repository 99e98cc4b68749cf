"""Time patterns that texts fit, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from sales_lakehouse import clock

_DAYS = (
    *("yyyy-MM-dd", "dd.MM.yyyy", "d.M.yyyy", "dd/MM/yyyy", "d/M/yyyy", "MM/dd/yyyy", "M/d/yyyy", "yyyy/MM/dd"),
    *("dd-MM-yyyy", "MM-dd-yyyy", "dd-MMM-yyyy", "d MMM yyyy", "dd.MM.yy", "d.M.yy", "dd/MM/yy", "MM/dd/yy"),
    "yyyyMMdd",
)
_HOURS = (
    *("", " HH:mm", " HH:mm:ss", " H:mm", " H:mm:ss", " HH:mm:ss.SSS", " hh:mm a", " h:mm a"),
    *("'T'HH:mm:ss", "'T'HH:mm:ss'Z'", "'T'HH:mm", "'T'HH:mm:ss.SSS", "'T'HH:mm:ss.SSS'Z'"),
)
_FORMATS = tuple(map("".join, product(_DAYS, _HOURS)))
_YEARS = range(1970, 2101)
"""A number of eight digits is a date only where it names a year that sales are from."""


def guess_formats(texts: Sequence[str]) -> list[str]:
    """Return the time patterns that all texts fit, padded ones and days before months first; none for no text."""
    formats = list(_FORMATS) if texts else []
    for text in dict.fromkeys(texts):
        formats = [form for form in formats if _fits(text, form)]
        if not formats:
            break
    return formats


def others_swap_month(formats: Sequence[str]) -> bool:
    """Tell whether the texts fit with day and month swapped, too: then only the partner knows."""
    return len({form.index("M") < form.index("d") for form in formats}) > 1


def _fits(text: str, time_format: str) -> bool:
    shown = clock.read(text, time_format)
    return shown is not None and shown.year in _YEARS
