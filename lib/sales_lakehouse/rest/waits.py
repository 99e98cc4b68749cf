"""How long a server wants us to wait."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_wait(headers: Mapping[str, str], name: str = "retry-after") -> float | None:
    """Return the seconds that a header asks to wait: whole, decimal or as a date; None where it says nothing usable.

    A date is held against the server's own clock, where it tells it: ours may be another.
    """
    text = headers.get(name, "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
        seconds = float(text)
        return seconds if math.isfinite(seconds) else None
    until = read_date(text)
    if until is None:
        return None
    now = read_date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def read_date(text: str) -> datetime | None:
    """Read the date of a header; None where it is none."""
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
