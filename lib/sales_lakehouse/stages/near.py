"""Silver, what a run concerns of the published table: history grows, a day does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import chain
from operator import and_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse.bounds import Bounds, bounds_of, text_literal
from sales_lakehouse.specs import SilverSpec, SourceSpec
from sales_lakehouse.stages.silver import CHANGES

_DATE = "_scope_date"
_LISTED = 200
"""So many scopes are named one by one; of more, a plan is told the first and the last."""


def select_touched(
    published_df: DataFrame, rows_df: DataFrame, table: SilverSpec, sources: Sequence[SourceSpec], empty: Iterable[str]
) -> DataFrame:
    """Find the published rows that share their key or their scope with a row that arrives, and perhaps some more.

    `sources` are those that deliver, `empty` the scopes of statements without a row. A scope is looked for by the
    column that names it: of a file with rows of several sources Delta knows the least and the greatest date, of its
    `_scope` only that it holds dates and order numbers. A date is looked for in every DATE column: another may have
    named the scope when a row was published.
    Grain: one row per published row.
    """
    slices = [source for source in sources if source.silver.scope.kind == "slice"]
    documents = sorted({f"{s.silver.scope.column}" for s in sources if s.silver.scope.kind == "document"})
    states_date = F.col("source").isin([source.source for source in slices])
    dated_df = rows_df.withColumn(_DATE, F.when(states_date, F.expr("try_cast(_scope AS DATE)")))
    bounds = bounds_of(dated_df, [*table.key, *documents, _DATE])
    tests = [bounds.predicate(table.key), *(bounds.predicate([name]) for name in documents)]
    dates = [name for name, type_name in published_df.dtypes if type_name == "date"]
    if slices:
        are_dates = all(source.silver.scope.column in dates for source in slices)
        tests += (
            [f"{bounds.around(_DATE, f'`{name}`')} OR `{name}` IS NULL" for name in dates] if are_dates else ["true"]
        )
    if listed := [text_literal(scope) for scope in sorted({*empty})]:
        few = len(listed) <= _LISTED
        tests.append(f"_scope IN ({', '.join(listed)})" if few else f"_scope BETWEEN {listed[0]} AND {listed[-1]}")
    return published_df.where(" OR ".join(f"({test})" for test in tests))


def alike_in(table: SilverSpec) -> list[tuple[str, ...]]:
    """Return the sets of columns in which a published row agrees with a change that concerns it.

    What the table is kept by comes first; then what a rule says is unique, unless it follows from another set. Versions
    are known with their whole history only, so of a table with history there is no other set.
    """
    identity = identity_of(table)
    return [identity] if table.history else [identity, *_unique_beyond(table)]


def asks_whole(table: SilverSpec) -> bool:
    """Tell whether a table with history has a rule that compares several entities: whole histories answer it."""
    return table.history is not None and bool(_unique_beyond(table))


def _unique_beyond(table: SilverSpec) -> list[tuple[str, ...]]:
    identity = frozenset(identity_of(table))
    unique = dict.fromkeys(frozenset(rule.columns) for rule in table.rules if rule.kind == "unique")
    others = [each for each in unique if not any(other < each for other in unique) and not identity <= each]
    return [tuple(sorted(each)) for each in others]


def identity_of(table: SilverSpec) -> tuple[str, ...]:
    """Return the columns by which rows are kept: the key, or the entity whose versions are one history."""
    return table.history.entity if table.history else table.key


def bound_changes(candidate_df: DataFrame, table: SilverSpec) -> Bounds:
    """Return the bounds of what promotion changes, in the columns of `alike_in`."""
    changed_df = candidate_df.where(F.col("_disposition").isin(*CHANGES))
    return bounds_of(changed_df, chain.from_iterable(alike_in(table)))


def select_near(published_df: DataFrame, candidate_df: DataFrame, table: SilverSpec, bounds: Bounds) -> DataFrame:
    """Find the published rows that the changes concern: all others stay as they are, and next to nothing new.

    Grain: one row per published row.
    """
    changed_df = candidate_df.where(F.col("_disposition").isin(*CHANGES))
    alike = alike_in(table)
    near_df = published_df.where(" OR ".join(f"({bounds.predicate(columns)})" for columns in alike))
    flags = [f"_near_{place}" for place in range(len(alike))]
    for flag, columns in zip(flags, alike, strict=True):
        names = {name: f"{flag}_{name}" for name in columns}
        values_df = changed_df.select(*(F.col(name).alias(other) for name, other in names.items())).distinct()
        agrees = reduce(and_, (F.col(name).eqNullSafe(F.col(other)) for name, other in names.items()))
        near_df = near_df.join(values_df.withColumn(flag, F.lit(True)), on=agrees, how="left")
    return near_df.where(F.coalesce(*flags)).select(*published_df.columns)
