"""Rules: what a valid row is, said once, used as quarantine label and as expectation."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["not_null", "in_set", "between", "matches", "unique", "holds"]
Severity = Literal["warn", "error", "stop"]
_NOT_OF_THE_ROW = re.compile(
    r"\b(?:current_date|current_timestamp|localtimestamp|curdate|now|rand|randn|uuid)\b|\bover\s*\(|\bselect\b",
    re.IGNORECASE,
)
"""What a predicate asks beside its row: the clock, chance, other rows."""


class Rule(BaseModel):
    """What a valid row is; a row for which it is false or NULL breaks the rule, unless it says `or_null`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9_]*$",
            description="the label a broken row gets, as a statement: quantity_is_not_zero",
        ),
    ]
    kind: Annotated[Kind, Field(description="not_null, in_set, between, matches, unique, or holds (a SQL predicate)")]
    columns: Annotated[tuple[str, ...], Field(description="the columns it speaks of")] = ()
    values: Annotated[tuple[str, ...], Field(description="in_set: the allowed values")] = ()
    minimum: Annotated[str | None, Field(description="between: lowest allowed value, in quotes")] = None
    maximum: Annotated[str | None, Field(description="between: highest allowed value, in quotes")] = None
    pattern: Annotated[str | None, Field(description="matches: regular expression for the whole value")] = None
    or_null: Annotated[bool, Field(description="in_set, between, matches: a row without a value keeps it, too")] = False
    predicate: Annotated[str | None, Field(description="holds: SQL over the row, true for a valid row")] = None
    severity: Annotated[
        Severity,
        Field(
            description="warn: told; error: the record goes to quarantine; stop: the gate stops. unique cannot be error"
        ),
    ] = "error"
    because: Annotated[str, Field(description="the business reason, shown beside a broken row")] = ""

    @model_validator(mode="after")
    def check_arguments(self) -> Self:
        """Refuse a rule that lacks what its kind needs."""
        needs = {
            "in_set": self.values,
            "between": self.minimum or self.maximum,
            "matches": self.pattern,
            "holds": self.predicate,
        }
        if not needs.get(self.kind, True):
            raise ValueError(f"rule {self.name}: kind {self.kind} lacks its argument")
        if self.kind != "holds" and not self.columns:
            raise ValueError(f"rule {self.name}: kind {self.kind} names no column")
        if self.or_null and self.kind not in ("in_set", "between", "matches"):
            raise ValueError(f"rule {self.name}: or_null says nothing of kind {self.kind}")
        if self.kind == "unique" and self.severity == "error":
            raise ValueError(f"rule {self.name}: unique speaks of the whole table, so it can only warn or stop")
        if found := _NOT_OF_THE_ROW.search(self.predicate or ""):
            raise ValueError(
                f"rule {self.name}: its predicate says {found[0].strip()!r}; a row is judged when it changes, so a "
                "rule must say the same of it on any day and beside any other row; compare columns of the row"
            )
        return self
