"""Find the records of a source by what they hold, in their raw columns or in silver's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sales_lakehouse.ledger.conditions import Condition, both, check_columns, near_values, split_known
from sales_lakehouse.ledger.faults import bounded
from sales_lakehouse.ledger.query import columns_of, is_table, literal, select
from sales_lakehouse.ledger.way import Traced, Way
from sales_lakehouse.specs import Pipelines, SourceSpec
from sales_lakehouse.wording import counted


@dataclass(frozen=True)
class Found:
    """How many records match, the ways of the first of them, and where was looked when there are none."""

    count: int
    ways: list[Way]
    looked: list[str]


@dataclass(frozen=True)
class Search:
    """Conditions on the raw columns of a source and on the columns of its silver table."""

    root: Path
    source: SourceSpec
    raw: list[Condition]
    typed: list[Condition]

    @property
    def bronze(self) -> str:
        """Return the name of the source's bronze table."""
        return f"bronze.{self.source.source}"

    @property
    def places(self) -> list[str]:
        """Return the tables that hold typed rows."""
        tables = [f"{layer}.{self.source.silver.table}" for layer in ("silver", "quarantine")]
        return [table for table in tables if is_table(self.root, table)]

    def rows(self) -> list[dict[str, Any]]:
        """Return the bronze rows that match; refused ones by their raw text, for they have no columns."""
        types = columns_of(self.root, self.bronze)
        wheres = [condition.sql(types) for condition in self.raw]
        texts = [f"strpos(_raw, {literal(condition.value)}) > 0" for condition in self.raw]
        wanted = f"(_kind = 'record' AND {both(wheres)})"
        if texts and not self.typed:
            wanted += f" OR (_kind IN ('refused', 'quarantined') AND {both(texts)})"
        rows = select(self.root, f"SELECT * FROM b WHERE {wanted}", b=self.bronze)
        if not self.typed:
            return rows
        keys = self._keys()
        return [row for row in rows if (row["_unit_id"], row["_record_no"]) in keys]

    def _keys(self) -> set[tuple[str, int]]:
        keys = set()
        for table in self.places:
            types = columns_of(self.root, table)
            wheres = [condition.sql(types) for condition in self.typed]
            sql = f"SELECT _unit_id, _record_no FROM t WHERE source = {literal(self.source.source)} AND {both(wheres)}"
            keys |= {(row["_unit_id"], row["_record_no"]) for row in select(self.root, sql, t=table)}
        return keys

    def looked(self) -> list[str]:
        """Say where was looked, and which values are near."""
        typed = [near_values(self.root, table, c) for c in self.typed for table in self.places]
        return [*(near_values(self.root, self.bronze, condition) for condition in self.raw), *typed]


def search_records(
    root: Path, pipelines: Pipelines, source: SourceSpec, conditions: list[Condition], limit: int
) -> Found:
    """Follow the records that match all conditions; a raw column's name comes before a silver column's.

    Raises: ParameterError for a column that neither has.
    """
    table = pipelines.silver[source.silver.table]
    check_columns(conditions, {*source.columns, *table.names()}, f"source {source.source}")
    search = Search(root, source, *split_known(conditions, {*source.columns}))
    rows, traced = search.rows(), Traced.of(root, pipelines, source)
    received = {unit_id: manifest.received_at for unit_id, manifest in traced.manifests.items()}
    rows.sort(key=lambda row: (received.get(row["_unit_id"], ""), row["_unit_id"], row["_record_no"]))
    looked = [] if rows else [*search.looked(), *_not_read(traced, search)]
    return Found(len(rows), [traced.way_of(row) for row in rows[:limit]], looked)


def _not_read(traced: Traced, search: Search) -> list[str]:
    """Name the deliveries that bronze does not hold yet: what is looked for may be in them."""
    read = {row["u"] for row in select(traced.root, "SELECT DISTINCT _unit_id AS u FROM b", b=search.bronze)}
    names = [manifest.name for unit_id, manifest in traced.manifests.items() if unit_id not in read]
    them = "it" if len(names) == 1 else "them"
    told = f"{counted(len(names), 'delivered unit', 'are')} not read yet: {bounded(names)}"
    told += f"; `lakehouse run sales_daily` reads {them}"
    return [told] if names else []
