"""How a table would differ: rows and exact amounts, before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse import books
from sales_lakehouse.candidates import Candidate
from sales_lakehouse.ledger.faults import money
from sales_lakehouse.specs import GoldSpec
from sales_lakehouse.stages.gold import slices_predicate
from sales_lakehouse.stages.silver import select_changes
from sales_lakehouse.tables import Lakehouse
from sales_lakehouse.wording import counted

Totals = dict[str, Decimal]
"""Exact amounts by currency."""


@dataclass(frozen=True)
class Difference:
    """A table's rows before and after, how many are new, change and go, and its amounts by column and currency."""

    table: str
    before: int
    new: int
    changed: int
    gone: int
    amounts: dict[str, tuple[Totals, Totals]]
    slices: int | None = None

    @property
    def differs(self) -> bool:
        """Tell whether any row does."""
        return bool(self.new + self.changed + self.gone)

    def in_words(self) -> Iterator[str]:
        """Say it in one line; amounts that stay are said as such."""
        where = f" in {counted(self.slices, 'slice')}" if self.slices is not None else ""
        after = self.before + self.new - self.gone
        rows = f"{counted(self.before, 'row')}{where} → {after:,}"
        if not self.differs:
            yield f"{self.table}: {counted(self.before, 'row')}{where}, none would differ"
            return
        changes = f"{self.new:,} new, {self.changed:,} changed, {self.gone:,} gone"
        yield "; ".join([f"{self.table}: {rows}: {changes}", *self._amounts_in_words()])

    def _amounts_in_words(self) -> Iterator[str]:
        for column, (before, after) in self.amounts.items():
            for currency in sorted({*before, *after}):
                old, new = before.get(currency, Decimal(0)), after.get(currency, Decimal(0))
                yield f"{column} {currency} {money(old)} {_change(old, new)}"


def compare_silver(candidate: Candidate) -> Difference:
    """Hold a silver table as it would be against what is published."""
    table = candidate.table
    changes_df = select_changes(candidate.published_df, candidate.rows_df, table)
    counts = dict(map(tuple, changes_df.groupBy("_change").count().collect()))
    frames = (candidate.published_df, candidate.future_df)
    amounts = (
        {table.amount: (books.totals(frames[0], table.amount), books.totals(frames[1], table.amount))}
        if table.amount
        else {}
    )
    changed = (counts.get("new", 0), counts.get("update", 0), counts.get("delete", 0))
    return Difference(f"silver.{table.table}", candidate.published_df.count(), *changed, amounts)


@dataclass(frozen=True)
class Aside:
    """The records of the judged units that stand in quarantine, before and after: by the rules that one breaks."""

    table: str
    before: Counter[str]
    after: Counter[str]

    @property
    def differs(self) -> bool:
        """Tell whether it would hold others."""
        return self.before != self.after

    def in_words(self) -> Iterator[str]:
        """Say it in one line; nothing where none stands there."""
        if not self.before and not self.after:
            return
        there = f"quarantine.{self.table}: {counted(self.before.total(), 'record')} of these units"
        if not self.differs:
            yield f"{there}, none would differ"
            return
        rules = [rules for rules in sorted(self.before | self.after) if self.before[rules] != self.after[rules]]
        changes = ", ".join(f"{rules} {self.before[rules]:,} → {self.after[rules]:,}" for rules in rules)
        yield f"{there} → {self.after.total():,}: {changes}"


def compare_aside(lakehouse: Lakehouse, candidate: Candidate) -> Aside:
    """Count the records of the judged units that stand in quarantine, and those that would, by the rules they break."""
    ids = [row["unit_id"] for row in candidate.balances_df.select("unit_id").distinct().collect()]
    table = candidate.table.table
    arriving_df = candidate.rows_df.where(F.col("_disposition").isin(*books.ASIDE))
    held_df = lakehouse.read_or_empty(f"quarantine.{table}", arriving_df.schema).where(F.col("_unit_id").isin(ids))
    return Aside(table, _by_rules(held_df), _by_rules(arriving_df))


def compare_gold(lakehouse: Lakehouse, gold: GoldSpec, built_df: DataFrame, days: list[str]) -> Difference:
    """Hold the slices of a gold table as they would be against what is published."""
    published_df = lakehouse.read_or_empty(f"gold.{gold.table}", gold.ddl()).where(slices_predicate(gold.slice, days))
    row = F.struct(*gold.names())
    sides = [
        df.select(*gold.key, row.alias("row"), F.lit(side).alias("side"))
        for side, df in (("b", published_df), ("a", built_df))
    ]
    both_df = (
        sides[0]
        .unionByName(sides[1])
        .groupBy(*gold.key)
        .agg(*(F.first(F.when(F.col("side") == side, F.col("row")), ignorenulls=True).alias(side) for side in "ba"))
    )
    there, comes, same = F.col("b").isNotNull(), F.col("a").isNotNull(), F.col("b").eqNullSafe(F.col("a"))
    before, new, changed, gone = both_df.agg(
        F.count_if(there), F.count_if(~there), F.count_if(there & comes & ~same), F.count_if(~comes)
    ).collect()[0]
    amounts = {
        tie.column: (books.totals(published_df, tie.column), books.totals(built_df, tie.column)) for tie in gold.ties_to
    }
    return Difference(f"gold.{gold.table}", before, new, changed, gone, amounts, len(days))


def _change(old: Decimal, new: Decimal) -> str:
    sign = "+" if new > old else "-"
    return "stays" if old == new else f"→ {money(new)} ({sign}{money(abs(new - old))})"


def _by_rules(aside_df: DataFrame) -> Counter[str]:
    counts_df = aside_df.groupBy(F.array_join(F.array_sort("_errors"), " + ")).count()
    return Counter(dict(map(tuple, counts_df.collect())))
