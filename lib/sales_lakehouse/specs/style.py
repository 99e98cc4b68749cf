"""How a source writes numbers and times, and what becomes of a unit that changed its columns."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from sales_lakehouse.specs.formats import Part


class OnChange(Part):
    """What becomes of a unit whose columns are not the agreed ones."""

    added: Annotated[
        Literal["keep_aside", "quarantine"], Field(description="a column beyond the agreed: kept in _extra, or not")
    ] = "keep_aside"
    reordered: Annotated[
        Literal["accept", "quarantine"], Field(description="agreed columns of a header in another order")
    ] = "accept"
    missing: Annotated[Literal["quarantine", "as_null"], Field(description="an agreed column that is not there")] = (
        "quarantine"
    )
    renamed: dict[str, str] = Field(
        default_factory=dict, description="old or other names that are accepted, each with the agreed name"
    )


class Style(Part):
    """How the source writes numbers and times."""

    decimal_mark: Annotated[Literal[".", ","], Field(description="what stands before the decimals")] = "."
    thousands_mark: Annotated[
        Literal[".", ",", " ", "'", "\u00a0", "\u202f"] | None,
        Field(description="what stands between groups of three digits, where there are groups"),
    ] = None
    time_format: Annotated[
        str,
        Field(
            description="Spark datetime pattern of local times", examples=["yyyy-MM-dd HH:mm:ss", "dd.MM.yyyy HH:mm"]
        ),
    ]
    time_zone: Annotated[
        str,
        Field(
            description="IANA zone of those times; business dates are dates of this zone",
            examples=["Europe/London", "Europe/Berlin", "UTC"],
        ),
    ]

    @field_validator("time_zone")
    @classmethod
    def check_zone(cls, zone: str) -> str:
        """Refuse a zone the IANA database does not know."""
        try:
            ZoneInfo(zone)
        except Exception as cause:  # ZoneInfo raises KeyError, ValueError and OSError for bad names
            raise ValueError(f"{zone!r} is not an IANA time zone") from cause
        return zone

    @model_validator(mode="after")
    def check_marks(self) -> Self:
        """Refuse a mark with two meanings."""
        if self.decimal_mark == self.thousands_mark:
            raise ValueError(f"decimal_mark and thousands_mark are both {self.decimal_mark!r}")
        return self
