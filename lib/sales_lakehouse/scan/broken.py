"""The two ways in which a delivery is not what was agreed."""

from __future__ import annotations


class UnitBroken(Exception):
    """The unit breaks its contract as a whole; the reason names the change."""


class Refusal(Exception):
    """One record cannot be read; the reason says what is wrong with it."""
