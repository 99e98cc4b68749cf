"""The two ways in which a delivery is not what was agreed."""

from __future__ import annotations

_LIMIT = 600


class _Reason(Exception):
    """Says in words what is wrong: text that can be stored, and no more of it than a reader wants."""

    def __init__(self, reason: str) -> None:
        text = reason.encode("utf-8", errors="backslashreplace").decode("utf-8").replace("\0", "\\0")
        super().__init__(text if len(text) <= _LIMIT else f"{text[:_LIMIT]} …")


class UnitBroken(_Reason):
    """The unit breaks its contract as a whole; the reason names the change."""


class Refusal(_Reason):
    """One record cannot be read; the reason says what is wrong with it."""
