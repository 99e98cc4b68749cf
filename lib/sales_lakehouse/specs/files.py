"""How a partner delivers files: their names, and the totals that stand in them or beside them."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator

from sales_lakehouse.specs.formats import Part

STATED = frozenset({"records", "amount", "sha256", "bytes"})
"""What a partner may say of a file as a whole."""
PLACEHOLDERS = {
    "business_date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "records": r"[0-9]+",
    "amount": r"[-+]?[0-9][0-9.,]*",
    "sha256": r"[0-9a-f]{64}",
}
"""What a file's name may state, each with how it is written."""


class SideFile(Part):
    """A partner's own totals in a file beside the delivery: `sales.csv` and `sales.csv.sum`."""

    suffix: Annotated[str, Field(pattern=r"^\.", description="what its name has after the delivery's: .sum")]
    pattern: Annotated[
        str,
        Field(
            description="regular expression that is found in its text, with named groups of records, amount, sha256 "
            "and bytes: (?P<sha256>[0-9a-f]{64})"
        ),
    ]

    @field_validator("pattern")
    @classmethod
    def check_groups(cls, pattern: str) -> str:
        """Refuse an expression that states nothing."""
        try:
            groups = {*re.compile(pattern).groupindex}
        except re.error as cause:
            raise ValueError(f"{pattern!r} is no regular expression: {cause}") from cause
        if not groups or not groups <= STATED:
            raise ValueError(f"{pattern!r}: expected named groups among {', '.join(sorted(STATED))}")
        return pattern


class FilesDelivery(Part):
    """Files that a partner drops into `<inbox>/<source>/`."""

    kind: Annotated[Literal["files"], Field(description="files in an inbox folder")]
    name: Annotated[
        str,
        Field(
            description="file name with {business_date} where the ISO date stands: sales_{business_date}.csv; "
            "{records}, {amount} and {sha256} stand for totals that the name states",
            examples=["sales_{business_date}.csv"],
        ),
    ]
    side_file: Annotated[
        SideFile | None, Field(description="a second file that states totals; a file waits until it is there")
    ] = None

    @field_validator("name")
    @classmethod
    def check_placeholders(cls, name: str) -> str:
        """Refuse a name without a date, and placeholders that mean nothing."""
        found = re.findall(r"{(.*?)}", name)
        if found.count("business_date") != 1 or len(found) != len({*found}) or not {*found} <= {*PLACEHOLDERS}:
            raise ValueError(f"{name!r}: expected {{business_date}} once, and else at most {', '.join(PLACEHOLDERS)}")
        return name

    def said_in(self, name: str) -> dict[str, str] | None:
        """Return what a file's name states, by placeholder; None where the name does not follow the agreed one."""
        parts = re.split(r"{(.*?)}", self.name)
        groups = (
            re.escape(part) if place % 2 == 0 else f"(?P<{part}>{PLACEHOLDERS[part]})"
            for place, part in enumerate(parts)
        )
        match = re.fullmatch("".join(groups), name)
        return match.groupdict() if match else None

    def date_in(self, name: str) -> date | None:
        """Return the business date that a file's name says; None where the name does not follow the agreed one."""
        said = self.said_in(name)
        try:
            return date.fromisoformat(said["business_date"]) if said else None
        except ValueError:
            return None  # 2011-13-45 follows the pattern and is no date
