"""What each gate asks, as findings: rules through Great Expectations, and the books."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse import books
from sales_lakehouse.quality import Finding, judge_table
from sales_lakehouse.specs import GoldSpec, Rule, SilverSpec, SourceSpec
from sales_lakehouse.stages.gold import compare_totals
from sales_lakehouse.stages.silver import silver_columns

_UNIT_RULES = [
    Rule(
        name="unit_keeps_its_contract",
        kind="holds",
        columns=("reason",),
        predicate="state <> 'quarantined'",
        severity="stop",
        because="the unit is in quarantine as a whole; deliver a corrected file under the same name",
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
_SPAN = ("_unit_id", "_byte_start", "_byte_length")
_RECORD_RULES = [
    Rule(name="unit_is_known", kind="not_null", columns=("_unit_id",), severity="stop"),
    Rule(name="no_byte_is_read_twice", kind="unique", columns=("source", *_SPAN), severity="stop"),
]


def judge_units(units_df: DataFrame) -> list[Finding]:
    """Judge delivered units: whole, read to the last byte, every record kept or refused."""
    return judge_table(_standing(units_df), "ops.units", _UNIT_RULES, show=("source", "name", "unit_id"))


def judge_bronze(rows: dict[str, DataFrame], units_df: DataFrame, sources: list[SourceSpec]) -> list[Finding]:
    """Judge the bronze rows of the sources that delivered, and the share of their records that could not be read.

    `rows` are the bronze rows of the units under judgement, by source.
    """
    if not rows:
        return []
    lineage = [rows_df.select(F.lit(name).alias("source"), *_SPAN) for name, rows_df in rows.items()]
    findings = judge_table(reduce(DataFrame.unionByName, lineage), "bronze", _RECORD_RULES, show=("source",))
    counts_df = _standing(units_df).groupBy("source").agg(F.sum("refused"), F.sum("found"))
    counts = {source: (refused, found) for source, refused, found in map(tuple, counts_df.collect())}
    shares = [
        _share(f"bronze.{s.source}", "refused_within_limit", *counts.get(s.source, (0, 0)), s.max_refused_pct)
        for s in sources
    ]
    return [*findings, *shares]


def judge_silver(future_df: DataFrame, table: SilverSpec) -> list[Finding]:
    """Judge the silver table as it will be."""
    return judge_table(
        future_df, f"silver.{table.table}", list(table.rules), silver_columns(table), ("source", "order_id")
    )


def judge_books(
    future_df: DataFrame, published_df: DataFrame, balances_df: DataFrame, units_df: DataFrame, table: SilverSpec
) -> list[Finding]:
    """Judge the books: every record of every unit is accounted for, and amounts are what they must be."""
    name = f"silver.{table.table}"
    open_rows = books.unbalanced_units(units_df.where("state = 'recorded'"), balances_df).limit(3).collect()
    told = "; ".join(f"{r['source']} {r['name']}: {r['kept']} kept, {r['accounted']} accounted for" for r in open_rows)
    expected = books.expected_totals(published_df, balances_df, table.amount)
    found = books.totals(future_df, table.amount)
    return [
        Finding(name, "every_record_is_accounted_for", "stop", not open_rows, told),
        Finding(
            name,
            "amounts_balance",
            "stop",
            expected == found,
            "" if expected == found else f"the books say {_money(expected)}, the table {_money(found)}",
        ),
    ]


def judge_shares(balances_df: DataFrame, sources: list[SourceSpec], table: SilverSpec) -> list[Finding]:
    """Judge the share of quarantined records of each source against its limit."""
    standing_df = balances_df.where("disposition NOT IN ('superseded', 'duplicate')")
    quarantined = F.sum(F.when(F.col("disposition") == "quarantined", F.col("records")).otherwise(0))
    rows = standing_df.groupBy("source").agg(quarantined, F.sum("records")).collect()
    counts = {source: (aside, records) for source, aside, records in map(tuple, rows)}
    name = f"silver.{table.table}"
    return [
        _share(name, f"{s.source}_quarantined_within_limit", *counts.get(s.source, (0, 0)), s.max_quarantined_pct)
        for s in sources
    ]


def judge_gold(future_df: DataFrame, silver: dict[str, DataFrame], gold: GoldSpec) -> list[Finding]:
    """Judge a gold table as it will be: its rules, and its totals against silver's, to the cent."""
    name = f"gold.{gold.table}"
    findings = judge_table(future_df, name, list(gold.rules), gold.names(), gold.key)
    for tie in gold.ties_to:
        table, column = tie.silver.split(".")
        both_df = compare_totals(future_df, silver[table], gold, tie.column, column)
        off = both_df.where("difference <> 0").orderBy(gold.slice, "currency_code").limit(3).collect()
        told = "; ".join(
            f"{r[gold.slice]} {r['currency_code']}: gold {r['gold_total']}, silver {r['silver_total']}" for r in off
        )
        findings.append(Finding(name, f"{tie.column}_equals_silver", "stop", not off, told))
    return findings


def explain(gate: str, findings: list[Finding], next_step: str) -> str:
    """Say why a gate stays shut: each broken rule, what happened to the data, what to do next."""
    broken = "; ".join(f"{f.table}, rule {f.rule}: {f.detail}" for f in findings if f.stops)
    return f"{gate}: {broken}. Nothing was promoted, the published tables are as they were. {next_step}"


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
