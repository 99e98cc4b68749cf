"""The way from a source's records to a silver table: columns, scope, sequence, deletions, rules."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sales_lakehouse.specs.formats import Part
from sales_lakehouse.specs.rules import Rule
from sales_lakehouse.specs.tables import Name


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


def held_rule(column: str) -> str:
    """Return the rule that a record breaks which waits for the entity that a column names."""
    return f"{column}_is_known"


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
    hold_unknown: Annotated[
        tuple[str, ...],
        Field(
            description="columns that name an entity of a dimension: a record waits in quarantine until the one it "
            "names is there, and counts for max_quarantined_pct; without this it is let through, its reference pending"
        ),
    ] = ()
    rules: Annotated[
        tuple[Rule, ...], Field(description="rules for this source's rows, beside the table's; of severity error only")
    ] = ()

    @property
    def held_rules(self) -> dict[str, str]:
        """Return the columns for whose entity a record may wait, by the rule that such a record breaks."""
        return {held_rule(column): column for column in self.hold_unknown}

    def only_waits(self, rules: Collection[str]) -> bool:
        """Tell whether a record that broke these rules only waits for an entity: nothing in it is wrong."""
        return bool(rules) and self.held_rules.keys() >= set(rules)

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
