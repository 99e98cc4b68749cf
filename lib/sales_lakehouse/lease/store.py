"""What keeps a lease: numbered entries, of which each is created by one writer only. The newest holds."""

from __future__ import annotations

import re
from typing import Protocol

POSSESSION = "LAKEHOUSE_LEASE"
"""The environment variable that tells a task which entry its run holds."""
FOLDER = "ops/lease"
_ENTRY = re.compile(r"(\d{12})\.json")


class LeaseStore(Protocol):
    """A place that creates an entry only where there is none."""

    @property
    def place(self) -> str:
        """Return where the entries are, for messages."""

    def prove(self) -> None:
        """Raise StoreError where a second writer could create the same entry."""

    def numbers(self) -> list[int]:
        """Return the numbers of the entries that are there, ascending."""

    def read(self, number: int) -> bytes | None:
        """Return an entry; None where it is gone."""

    def create(self, number: int, content: bytes) -> bool:
        """Create an entry whole; tell whether there was none."""

    def write(self, number: int, content: bytes) -> None:
        """Put an entry in place of what was there."""

    def remove(self, number: int) -> None:
        """Take an entry away; it may be gone already."""


def entry_name(number: int) -> str:
    """Return the name of an entry; names sort as numbers do."""
    return f"{number:012}.json"


def entry_number(name: str) -> int | None:
    """Return the number of an entry's name; None for anything else that stands beside."""
    found = _ENTRY.fullmatch(name)
    return int(found[1]) if found else None
