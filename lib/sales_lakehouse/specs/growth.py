"""How a published table may follow its contract: it gains columns and wider types, and never loses anything."""

from __future__ import annotations

import re
from dataclasses import dataclass

Columns = dict[str, str]
"""SQL types by column name."""

_DIGITS = {"INT": (10, 0), "BIGINT": (19, 0)}
"""How many digits a decimal needs before and after the point to hold them."""
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@dataclass(frozen=True)
class Growth:
    """What a table must gain to hold rows of its contract, and what the contract would make it lose."""

    added: Columns
    widened: Columns
    refused: tuple[str, ...]


def compare_columns(published: Columns, contract: Columns) -> Growth:
    """Hold the columns of a published table against those of its contract.

    Lineage columns, whose names begin with an underscore, are no part of a contract and are never refused.
    """
    both = [name for name in published if name in contract]
    changed = [name for name in both if published[name] != contract[name]]
    widened = {name: contract[name] for name in changed if _holds(contract[name], published[name])}
    gone = [name for name in published if name not in contract and not name.startswith("_")]
    narrowed = [name for name in changed if name not in widened]
    return Growth(
        added={name: kind for name, kind in contract.items() if name not in published},
        widened=widened,
        refused=(
            *(f"column {name} would be lost" for name in gone),
            *(f"column {name} is {published[name]}, {contract[name]} would not hold it" for name in narrowed),
        ),
    )


def _holds(wide: str, narrow: str) -> bool:
    """Tell whether every value of the narrow type is a value of the wide one, unchanged."""
    decimal = _DECIMAL.fullmatch(wide)
    if not decimal:
        return (narrow, wide) == ("INT", "BIGINT")
    before, after = _digits(*map(int, decimal.groups()))
    old = _DECIMAL.fullmatch(narrow)
    needed = _digits(*map(int, old.groups())) if old else _DIGITS.get(narrow)
    return needed is not None and before >= needed[0] and after >= needed[1]


def _digits(precision: int, scale: int) -> tuple[int, int]:
    """Return how many digits a decimal holds before and after the point."""
    return precision - scale, scale
