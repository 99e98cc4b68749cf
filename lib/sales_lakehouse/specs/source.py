"""A source file: how one partner or API delivers, is read, typed, keyed and judged."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sales_lakehouse.specs.files import FilesDelivery
from sales_lakehouse.specs.formats import CsvFormat, JsonFormat, NdjsonFormat, Part
from sales_lakehouse.specs.judgement import Judgement
from sales_lakehouse.specs.rest import RestDelivery
from sales_lakehouse.specs.style import OnChange, Style
from sales_lakehouse.specs.tables import Name
from sales_lakehouse.wording import did_you_mean

_LINEAGE = (
    *("_extra", "_kind", "_reason", "_raw", "_unit_id", "_record_no", "_byte_start", "_byte_length"),
    *("_ingested_at", "_run_id", "_repairs_unit", "_repairs_no"),
)


class SourceSpec(Part):
    """One source: one file under pipelines/sources/."""

    source: Annotated[Name, Field(description="the source's name, as the file's: it stands in every key and folder")]
    description: Annotated[str, Field(min_length=1, description="who delivers what, in one sentence")]
    delivery: Annotated[
        FilesDelivery | RestDelivery, Field(discriminator="kind", description="how units come to the landing")
    ]
    format: Annotated[
        CsvFormat | JsonFormat | NdjsonFormat, Field(discriminator="kind", description="how a unit is cut into records")
    ]
    style: Annotated[Style, Field(description="how texts become numbers and times")]
    columns: Annotated[tuple[str, ...], Field(min_length=1, description="the agreed columns or fields, by name")]
    on_change: Annotated[OnChange, Field(description="what becomes of a unit with other columns")] = OnChange()
    on_breaking: Annotated[
        Literal["aside", "stop"],
        Field(
            description="a unit that breaks its contract stands aside after its first run, or stops every run until it "
            "is released, refused or corrected"
        ),
    ] = "aside"
    silver: Annotated[Judgement, Field(description="the way from the records to a silver table")]
    max_refused_pct: Annotated[
        float, Field(ge=0, le=100, description="more unreadable records than this stop gate_bronze")
    ] = 5
    max_quarantined_pct: Annotated[
        float, Field(ge=0, le=100, description="more quarantined records than this stop gate_silver")
    ] = 5

    @model_validator(mode="after")
    def check_pages_are_json(self) -> Self:
        """Refuse an API whose pages the reading could not follow."""
        if isinstance(self.delivery, RestDelivery) and (
            not isinstance(self.format, JsonFormat) or self.format.packed != "none"
        ):
            raise ValueError("delivery rest: pages are read as JSON documents; write format: {kind: json, records: …}")
        return self

    @property
    def compares_listings(self) -> str:
        """Return the column of ids by which complete listings are compared; empty where they are not."""
        delivery = self.delivery
        return delivery.id if isinstance(delivery, RestDelivery) and delivery.absent == "deleted" else ""

    @model_validator(mode="after")
    def check_absent_can_be_told(self) -> Self:
        """Refuse to take what a listing lacks for deleted where that cannot be said in the source's own columns."""
        if not self.compares_listings:
            return self
        if self.silver.deleted is None or self.compares_listings not in self.columns:
            raise ValueError("delivery.absent: name silver.deleted, and as delivery.id one of the agreed columns")
        if not (isinstance(self.format, JsonFormat) and self.format.records):
            raise ValueError("delivery.absent: format.records must name the list, so that ours can say since when")
        if self.silver.sequence != "received_at":
            raise ValueError("delivery.absent: silver.sequence must be received_at, by which a tombstone is the newest")
        return self

    @model_validator(mode="after")
    def check_columns_are_agreed(self) -> Self:
        """Refuse a mapping from a raw column that the source does not deliver."""
        wanted = {m.from_.split(".")[0] for m in self.silver.columns.values() if m.from_}
        wanted |= {self.silver.deleted.column} if self.silver.deleted else set()
        wanted |= {m.number_within for m in self.silver.columns.values() if m.number_within}
        wanted |= {self.silver.explode} if self.silver.explode else set()
        wanted |= {self.silver.sequence} - {"received_at"}
        unknown = sorted(wanted - set(self.columns))
        if unknown:
            near = did_you_mean(unknown[0], self.columns)
            raise ValueError(f"silver reads {', '.join(unknown)}, which is not among the agreed columns{near}")
        return self

    @model_validator(mode="after")
    def check_column_names(self) -> Self:
        """Refuse names that a table could not hold side by side."""
        names = Counter(name.casefold() for name in (*self.columns, *_LINEAGE))
        twice = [name for name in self.columns if names[name.casefold()] > 1]
        if twice:
            raise ValueError(
                f"columns {', '.join(twice)}: each name may stand once, whatever its case, and none of {_LINEAGE}"
            )
        aliases, made_of = self.on_change.renamed, self.format.amount_of
        unknown = sorted({*aliases.values(), *made_of} - set(self.columns))
        if unknown:
            raise ValueError(f"on_change.renamed or format.amount_of names {', '.join(unknown)}, not an agreed column")
        if set(aliases) & set(self.columns):
            raise ValueError(
                f"on_change.renamed: {sorted(set(aliases) & set(self.columns))} are agreed names themselves"
            )
        return self
