"""What the guessing is made of: a value and its evidence, and a sample once it is cut into records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Record = dict[str, str | None]


@dataclass(frozen=True)
class Guess:
    """A value with its evidence. One that is `open` is a placeholder that a person must replace."""

    value: Any
    because: str
    open: bool = False


@dataclass(frozen=True)
class Shape:
    """A sample as records of texts by column, and the guesses that lead there.

    `items` are the elements of the list that the column `explode` holds; without one there are none.
    """

    format: Mapping[str, Guess]
    columns: tuple[str, ...]
    records: tuple[Record, ...]
    explode: str | None = None
    items: tuple[Record, ...] = ()
    footer: tuple[str, ...] = ()
