"""What each gate asks, as findings: rules through Great Expectations, and the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import reduce

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from sales_lakehouse import books
from sales_lakehouse.candidates import Candidate
from sales_lakehouse.landing import Manifest
from sales_lakehouse.quality import Finding, Shown, judge_table
from sales_lakehouse.specs import GoldSpec, Rule, SilverSpec, SourceSpec, Tie
from sales_lakehouse.stages.gold import compare_totals, slices_predicate
from sales_lakehouse.stages.near import asks_whole
from sales_lakehouse.stages.silver import select_pending, silver_columns
from sales_lakehouse.wording import counted

_UNIT_RULES = [
    Rule(
        name="unit_keeps_its_contract",
        kind="holds",
        columns=("reason",),
        predicate="state <> 'quarantined'",
        severity="stop",
        because="the unit is in quarantine as a whole; deliver a corrected file under the same name, or mend the "
        "source's file and then `lakehouse units release UNIT`",
    ),
    Rule(
        name="totals_are_compared",
        kind="holds",
        columns=("reason",),
        predicate="state = 'quarantined' OR reason IS NULL",
        severity="warn",
        because="a value that is no number keeps the partner's total from being compared; the books name the unit",
    ),
    Rule(
        name="every_byte_is_read",
        kind="holds",
        columns=("bytes_covered", "size_bytes"),
        predicate="bytes_covered = size_bytes",
        severity="stop",
    ),
    Rule(
        name="every_record_is_kept_or_refused",
        kind="holds",
        columns=("found", "kept", "refused", "quarantined"),
        predicate="found = kept + refused + quarantined",
        severity="stop",
    ),
]
_SHOWN = 3
_SPAN = ("_unit_id", "_byte_start", "_byte_length")
_RECORD_RULES = [
    Rule(name="unit_is_known", kind="not_null", columns=("_unit_id",), severity="stop"),
    Rule(name="no_byte_is_read_twice", kind="unique", columns=("source", *_SPAN), severity="stop"),
]


def judge_units(units_df: DataFrame) -> list[Finding]:
    """Judge delivered units: whole, read to the last byte, every record kept or refused."""
    return judge_table(_standing(units_df), "ops.units", _UNIT_RULES, shown=Shown(("source", "name", "unit_id")))


def judge_settled(unsettled: Sequence[Manifest]) -> list[Finding]:
    """Hold the gate shut for the sources that let no run pass while a unit of theirs is in quarantine."""
    by_source: dict[str, list[Manifest]] = {}
    for unit in unsettled:
        by_source.setdefault(unit.source, []).append(unit)
    return [
        Finding(f"bronze.{source}", "broken_units_are_settled", "stop", ok=False, detail=_unsettled(units))
        for source, units in by_source.items()
    ]


def _unsettled(units: list[Manifest]) -> str:
    told = ", ".join(f"{unit.name} (unit {unit.unit_id[:12]})" for unit in units[:_SHOWN])
    return (
        f"{counted(len(units), 'unit', 'are')} in quarantine, for instance {told}, and the source says on_breaking: "
        "stop; mend the source's file and then `lakehouse units release UNIT`, or `lakehouse units refuse UNIT "
        "--because ...`"
    )


def judge_bronze(rows: dict[str, DataFrame], units_df: DataFrame, sources: list[SourceSpec]) -> list[Finding]:
    """Judge the bronze rows of the sources that delivered, and the share of their records that could not be read.

    `rows` are the bronze rows of the units under judgement, by source.
    """
    if not rows:
        return []
    lineage = [rows_df.select(F.lit(name).alias("source"), *_SPAN) for name, rows_df in rows.items()]
    findings = judge_table(reduce(DataFrame.unionByName, lineage), "bronze", _RECORD_RULES, shown=Shown(("source",)))
    counts_df = _standing(units_df).groupBy("source").agg(F.sum("refused"), F.sum("found"))
    counts = {source: (refused, found) for source, refused, found in map(tuple, counts_df.collect())}
    shares = [
        _share(f"bronze.{s.source}", "refused_within_limit", *counts.get(s.source, (0, 0)), s.max_refused_pct)
        for s in sources
    ]
    return [*findings, *shares]


def judge_silver(candidate: Candidate, *, whole: bool) -> list[Finding]:
    """Judge the silver table as it will be: every row of it, or those that change and those they concern.

    The others kept the same rules when they were promoted; `is_judged` knows where rules have changed since. A history
    with a rule that compares several entities is judged whole.
    """
    table = candidate.table
    shown = Shown(("source", *table.key), table.personal())
    rows_df = candidate.future_df if whole or asks_whole(table) else candidate.near_future_df
    return judge_table(rows_df, f"silver.{table.table}", list(table.rules), silver_columns(table), shown)


def judge_books(candidate: Candidate, units_df: DataFrame) -> list[Finding]:
    """Judge the books: every record of the units is accounted for, and amounts are what they must be."""
    name = f"silver.{candidate.table.table}"
    open_rows = books.unbalanced_units(units_df, candidate.balances_df).limit(3).collect()
    told = "; ".join(f"{r['source']} {r['name']}: {r['kept']} kept, {r['accounted']} accounted for" for r in open_rows)
    accounted = Finding(name, "every_record_is_accounted_for", "stop", not open_rows, told)
    return [accounted, *_judge_amounts(candidate)]


def _judge_amounts(candidate: Candidate) -> list[Finding]:
    name, amount = f"silver.{candidate.table.table}", candidate.table.amount
    if amount is None:
        return []
    expected = books.expected_totals(candidate.near_df, candidate.balances_df, amount)
    found = books.totals(candidate.near_future_df, amount)
    ok = expected == found
    told = "" if ok else f"the books say {_money(expected)}, the table {_money(found)}"
    return [Finding(name, "amounts_balance", "stop", ok, told)]


def judge_references(candidate: Candidate, dimensions: dict[str, DataFrame]) -> list[Finding]:
    """Count the arriving rows that name an entity no dimension knows yet: they are let through as pending."""
    name, table = f"silver.{candidate.table.table}", candidate.table
    arriving_df = candidate.rows_df.where(F.col("_disposition").isin("accepted_new", "accepted_update"))
    findings = []
    for reference in table.references:
        pending_df = select_pending(arriving_df, dimensions[reference.to], reference, table.table)
        values, lines = pending_df.agg(F.count("*"), F.sum("line_count")).collect()[0]
        told = f"{counted(lines or 0, 'line', 'name')} {counted(values, 'value')} that {reference.to} does not know yet"
        findings.append(Finding(name, f"{reference.column}_is_known", "warn", not values, told if values else ""))
    return findings


def judge_ties(candidate: Candidate) -> Finding:
    """Count the things of which two versions came with one time: the source does not say which of them is newer."""
    tied = candidate.rows_df.where("_tied").select("source", "_scope").distinct().count()
    told = "" if not tied else f"{counted(tied, 'thing', 'have')} two versions with one time: the greater hash stands"
    because = "the report of the run names both; where the wrong one stands, have the source send it once more, later"
    name = f"silver.{candidate.table.table}"
    return Finding(name, "one_time_has_one_version", "warn", not tied, told, because=because if tied else "")


def judge_shares(candidate: Candidate, sources: list[SourceSpec]) -> list[Finding]:
    """Judge the share of quarantined records of each source against its limit."""
    standing_df = candidate.balances_df.where("disposition NOT IN ('superseded', 'duplicate')")
    quarantined = F.sum(F.when(F.col("disposition") == "quarantined", F.col("records")).otherwise(0))
    rows = standing_df.groupBy("source").agg(quarantined, F.sum("records")).collect()
    counts = {source: (aside, records) for source, aside, records in map(tuple, rows)}
    name = f"silver.{candidate.table.table}"
    shares = [
        _share(name, f"{s.source}_quarantined_within_limit", *counts.get(s.source, (0, 0)), s.max_quarantined_pct)
        for s in sources
    ]
    told = zip(shares, sources, strict=True)
    return [share if share.ok else replace(share, because=_held(candidate, source)) for share, source in told]


def _held(candidate: Candidate, source: SourceSpec) -> str:
    """Say how many of a source's quarantined records only wait for an entity; nothing where it holds none back."""
    if not source.silver.hold_unknown:
        return ""
    rules = F.array(*map(F.lit, source.silver.held_rules))
    aside_df = candidate.rows_df.where(
        (F.col("source") == source.source) & F.col("_disposition").eqNullSafe("quarantined")
    )
    waiting_df = (
        aside_df.where(F.size(F.array_except("_errors", rules)) == 0).select("_unit_id", "_record_no").distinct()
    )
    columns = ", ".join(source.silver.hold_unknown)
    return (
        f"{counted(waiting_df.count(), 'record', 'wait')} for an entity, as {source.source} says hold_unknown: "
        f"{columns}; where that is expected, raise its max_quarantined_pct; else have the dimension delivered first"
    )


def judge_gold(
    slices_df: DataFrame, silver: dict[str, DataFrame], gold: GoldSpec, tables: dict[str, SilverSpec], dates: list[str]
) -> list[Finding]:
    """Judge the rebuilt slices of a gold table: their rules, and their totals against silver's, to the cent."""
    name = f"gold.{gold.table}"
    findings = judge_table(slices_df, name, list(gold.rules), gold.names(), Shown(gold.key, gold.personal()))
    for tie in gold.ties_to:
        table = tables[tie.silver.split(".")[0]]
        rows_df = silver[table.table].where(slices_predicate(f"{table.slice}", dates))
        findings.append(_tied(compare_totals(slices_df, rows_df, gold, tie, table), gold, tie))
    return findings


def _tied(both_df: DataFrame, gold: GoldSpec, tie: Tie) -> Finding:
    rows = both_df.where("difference <> 0 OR remainder <> 0").orderBy(gold.slice, "currency_code").collect()
    off = [row for row in rows if row["difference"]]
    told = "; ".join(
        f"{r[gold.slice]} {r['currency_code']}: gold {r['gold_total']}, silver {r['silver_total']}" for r in off[:3]
    )
    left = _money(_sum_by_currency(rows)) if not off and tie.where != "true" else ""
    detail = told or (f"left out by {tie.where}: {left}" if left else "")
    return Finding(f"gold.{gold.table}", f"{tie.column}_equals_silver", "stop", not off, detail)


def _sum_by_currency(rows: list[Row]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[row["currency_code"]] = totals.get(row["currency_code"], Decimal(0)) + row["remainder"]
    return totals


def _standing(units_df: DataFrame) -> DataFrame:
    """Leave out units that a later delivery of the same name has corrected."""
    corrected_df = units_df.where("corrects IS NOT NULL").select(F.col("corrects").alias("unit_id")).distinct()
    return units_df.join(corrected_df, on="unit_id", how="left_anti")


def _share(table: str, rule: str, part: int, whole: int, limit: float) -> Finding:
    pct = 100 * part / whole if whole else 0.0
    ok = pct <= limit
    return Finding(
        table,
        rule,
        "stop",
        ok,
        "" if ok else f"{part:,} of {whole:,} records ({pct:.1f} %), at most {limit:g} % are let through",
    )


def _money(amounts: dict[str, Decimal]) -> str:
    return ", ".join(f"{currency} {amount}" for currency, amount in sorted(amounts.items())) or "nothing"
