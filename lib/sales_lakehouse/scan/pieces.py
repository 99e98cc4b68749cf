"""What a unit is made of: every byte belongs to exactly one piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["header", "blank", "preamble", "footer", "record", "refused", "quarantined"]


class UnitBroken(Exception):
    """The unit breaks its contract as a whole; the reason names the change."""


@dataclass(frozen=True)
class Piece:
    """A span of bytes and what it is.

    A record has `values` (text by column name) and a number; a refused or quarantined one has `reason` and `raw`.
    """

    kind: Kind
    start: int
    length: int
    record_no: int | None = None
    values: dict[str, str | None] | None = None
    extra: str | None = None
    reason: str | None = None
    raw: str | None = None
