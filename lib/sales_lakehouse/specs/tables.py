"""Contracts of the silver and gold tables: grain, columns, rules."""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from sales_lakehouse.specs.rules import Rule

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
TypeName = Annotated[str, Field(pattern=r"^(STRING|INT|BIGINT|BOOLEAN|DATE|TIMESTAMP|DECIMAL\(\d+,\d+\))$")]


class Column(BaseModel):
    """One column of a published table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[Name, Field(description="the column's name")]
    type: Annotated[
        TypeName, Field(description="SQL type: STRING, INT, BIGINT, BOOLEAN, DATE, TIMESTAMP, DECIMAL(p,s)")
    ]
    unit: Annotated[str, Field(description="unit or currency column")] = ""
    description: Annotated[str, Field(description="what the value means to a reader of the table")]
    derived: Annotated[str | None, Field(description="SQL over the other columns; no source maps it")] = None
    required: Annotated[
        bool, Field(description="silver: every source maps it; false: NULL for sources that leave it out")
    ] = True
    personal: Annotated[
        bool, Field(description="the value tells of a person: gates mask it in the rows that they show")
    ] = False


class TableSpec(BaseModel):
    """Describe a published table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: Annotated[Name, Field(description="the table's name")]
    grain: Annotated[str, Field(pattern=r"^one row per ", description="what one row is: one row per ...")]
    key: Annotated[tuple[str, ...], Field(min_length=1, description="columns that identify a row")]
    slice: Annotated[
        Name | None,
        Field(description="the date column: what changed on a date is built anew for that date; a dimension has none"),
    ] = None
    columns: Annotated[tuple[Column, ...], Field(min_length=1, description="the columns, in their order")]
    rules: Annotated[tuple[Rule, ...], Field(description="what a valid row is; judged at the table's gate")] = ()

    def ddl(self) -> str:
        """Return the columns as a Spark DDL schema."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)

    def names(self) -> list[str]:
        """Return the column names in the order of the contract."""
        return [column.name for column in self.columns]

    def personal(self) -> frozenset[str]:
        """Return the columns whose values tell of a person."""
        return frozenset(column.name for column in self.columns if column.personal)

    def types(self) -> dict[str, str]:
        """Return the SQL types by column name."""
        return {column.name: column.type for column in self.columns}

    def type_of(self, name: str) -> str:
        """Return the SQL type of a column."""
        return self.types()[name]


class History(BaseModel):
    """Keep every version of an entity (SCD2): the table gets `valid_to`, `is_current` and `is_first`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: Annotated[tuple[Name, ...], Field(min_length=1, description="natural key that all versions share")]
    valid_from: Annotated[Name, Field(description="the column that says since when a version holds")]


class Reference(BaseModel):
    """State that a column names an entity of a dimension; until that arrives, the reference is pending."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Annotated[Name, Field(description="the column that names the entity")]
    to: Annotated[Name, Field(description="the silver table with history whose entity has one column of this name")]


class SilverSpec(TableSpec):
    """Describe a silver entity: several sources fill it."""

    amount: Annotated[str | None, Field(description="the column the books add up, per currency_code")] = None
    history: Annotated[History | None, Field(description="keep every version of each entity")] = None
    references: Annotated[tuple[Reference, ...], Field(description="columns that name entities of dimensions")] = ()

    @property
    def definition(self) -> str:
        """Return a hash of the contract: rows promoted under another one were judged by other rules."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def dimension_of(self, column: str) -> str:
        """Return the table whose entities a column names.

        Raises: KeyError for a column that references none.
        """
        return {reference.column: reference.to for reference in self.references}[column]

    def history_columns(self) -> list[str]:
        """Return the columns that are computed from the neighbouring versions."""
        return ["valid_to", "is_current", "is_first"] if self.history else []


class Tie(BaseModel):
    """A column whose total equals a silver column's total, per currency and slice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Annotated[Name, Field(description="the gold column that is added up")]
    silver: Annotated[
        str, Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$", description="silver table and column: sale_lines.line_amount")
    ]
    where: Annotated[str, Field(description="SQL filter of the silver rows that count; the gate shows the rest")] = (
        "true"
    )


class GoldSpec(TableSpec):
    """Describe a business table; its SQL file has the same stem."""

    slice: Annotated[Name, Field(description="the date column by which the table is rebuilt and partitioned")]
    reads: Annotated[tuple[Name, ...], Field(min_length=1, description="the silver tables its SQL names")]
    lookback_days: Annotated[
        int, Field(ge=0, description="days before its own that a slice looks at; its SQL joins the view `slices`")
    ] = 0
    ties_to: Annotated[tuple[Tie, ...], Field(description="totals that must equal silver's")] = ()
    sql: Annotated[SkipJsonSchema[str], Field(exclude=True, description="the text of the SQL file; not in the YAML")]

    @property
    def definition(self) -> str:
        """Return a hash of contract and SQL: slices built by another definition are rebuilt."""
        return hashlib.sha256(f"{self.model_dump_json()}\n{self.sql}".encode()).hexdigest()
