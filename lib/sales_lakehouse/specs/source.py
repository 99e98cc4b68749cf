"""A source file: how one partner or API delivers, is read, typed, keyed and judged."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from sales_lakehouse.specs.formats import CsvFormat, JsonFormat, NdjsonFormat, Part
from sales_lakehouse.specs.rest import RestDelivery
from sales_lakehouse.specs.rules import Rule
from sales_lakehouse.specs.tables import Name

_LINEAGE = (
    *("_extra", "_kind", "_reason", "_raw", "_unit_id", "_record_no", "_byte_start", "_byte_length"),
    *("_ingested_at", "_run_id", "_repairs_unit", "_repairs_no"),
)


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


class Mapping(Part):
    """Where a silver column comes from."""

    from_: Annotated[
        str | None,
        Field(alias="from", description="raw column; `lines.sku` reads inside the exploded list"),
    ] = None
    value: Annotated[str | None, Field(description="a constant")] = None
    number_within: Annotated[
        str | None, Field(description="the record's order within this raw column and unit, from 1")
    ] = None
    trim: Annotated[bool, Field(description="remove leading and trailing blanks")] = False
    strip_suffix: Annotated[str | None, Field(description="remove this ending: '.0' of 17850.0")] = None
    time_format: Annotated[str | None, Field(description="where it differs from the source's style")] = None
    time_zone: Annotated[str | None, Field(description="where it differs from the source's style")] = None

    @model_validator(mode="after")
    def check_one_origin(self) -> Self:
        """Refuse a mapping with no origin or with two."""
        origins = [self.from_, self.value, self.number_within]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("give exactly one of from, value, number_within")
        return self


class Scope(Part):
    """What one statement of the source covers completely."""

    kind: Annotated[
        Literal["slice", "document", "key"],
        Field(
            description="slice: a file states a whole date; document: a record states an order with all its lines; "
            "key: a record states one row, named by the table's key"
        ),
    ]
    column: Annotated[Name | None, Field(description="slice, document: the silver column the scope is named by")] = None

    @model_validator(mode="after")
    def check_column(self) -> Self:
        """Refuse a scope that does not say by which column it is named."""
        if (self.column is None) != (self.kind == "key"):
            raise ValueError(f"scope {self.kind}: {'leave column out' if self.column else 'name its column'}")
        return self


class Deleted(Part):
    """How a record says that what it names is gone: a tombstone, or a status that means as much."""

    column: Annotated[str, Field(description="the raw column that says it: status, is_deleted")]
    values: Annotated[tuple[str, ...], Field(min_length=1, description="its texts that say so: deleted, true")]


class Judgement(Part):
    """How the source's records become rows of a silver table, and when they are good."""

    table: Annotated[Name, Field(description="the silver table: a file under pipelines/silver/")]
    explode: Annotated[str | None, Field(description="raw column with a list: one row per element")] = None
    scope: Annotated[Scope, Field(description="what one statement covers; its rows go when a newer one lacks them")]
    sequence: Annotated[str, Field(description="received_at, or the raw column that orders statements")] = "received_at"
    deleted: Annotated[
        Deleted | None,
        Field(description="records that take back what they name; such a record stands like any other, with no row"),
    ] = None
    columns: Annotated[
        dict[Name, Mapping],
        Field(min_length=1, description="origin of every column of the silver table but `source` and derived ones"),
    ]
    rules: Annotated[
        tuple[Rule, ...], Field(description="rules for this source's rows, beside the table's; of severity error only")
    ] = ()

    @model_validator(mode="after")
    def check_deletions(self) -> Self:
        """Refuse deletions by records that state a whole date: there a row goes by not being stated."""
        if self.deleted and self.scope.kind == "slice":
            raise ValueError("deleted: with scope slice a file states its whole date; what it leaves out is gone")
        return self

    @model_validator(mode="after")
    def check_rules_label_rows(self) -> Self:
        """Refuse a rule that no gate would ask: gates ask the table's rules, a source's rules label its rows."""
        for rule in self.rules:
            if rule.severity != "error":
                raise ValueError(
                    f"rule {rule.name}: a source's rule sends its records to quarantine, so its severity is error; "
                    "one that warns or stops belongs to the silver table"
                )
        return self


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
        unknown = sorted(wanted - set(self.columns))
        if unknown:
            raise ValueError(f"silver reads {', '.join(unknown)}, which is not among the agreed columns")
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
