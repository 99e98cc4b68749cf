"""The books: every record and every amount of a unit is somewhere, exactly once.

Tables: `ops.units` (one row per unit and state it reached), `ops.balances` (one row per unit, disposition and
currency), `ops.slices` (one row per gold table, slice and state it reached), `ops.gates` (one row per run, gate and
rule). States are only ever added; `current_units` and `pending_slices` tell what holds now.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from sales_lakehouse.landing import Manifest
from sales_lakehouse.quality import Finding
from sales_lakehouse.run import Run
from sales_lakehouse.specs import GoldSpec

MANIFESTS_DDL = (
    "unit_id STRING, source STRING, name STRING, received_at STRING, unit_date STRING, size_bytes BIGINT, "
    "corrects STRING"
)
UNITS_DDL = (
    f"{MANIFESTS_DDL}, found BIGINT, kept BIGINT, refused BIGINT, quarantined BIGINT, other BIGINT, "
    "bytes_covered BIGINT, reason STRING, state STRING, run_id STRING, noted_at TIMESTAMP"
)
BALANCES_DDL = (
    "unit_id STRING, source STRING, disposition STRING, currency_code STRING, records BIGINT, line_count BIGINT, "
    "amount DECIMAL(38,4), unknown_amounts BIGINT, run_id STRING"
)
SLICES_DDL = "gold_table STRING, business_date DATE, state STRING, definition STRING, run_id STRING, noted_at TIMESTAMP"
GATES_DDL = (
    "run_id STRING, gate STRING, table_name STRING, rule STRING, severity STRING, ok BOOLEAN, detail STRING, "
    "judged_at TIMESTAMP"
)


def manifests_frame(spark: SparkSession, manifests: list[Manifest]) -> DataFrame:
    """Return manifests as rows. Grain: one row per unit."""
    rows = [(m.unit_id, m.source, m.name, m.received_at, m.business_date, m.size_bytes, m.corrects) for m in manifests]
    return spark.createDataFrame(rows, MANIFESTS_DDL)


def count_units(rows_df: DataFrame, manifests_df: DataFrame, run: Run) -> DataFrame:
    """Count what became of a unit's bytes.

    Grain: one row per bronze row → one row per unit of `manifests_df` with `found` = `kept` + `refused` +
    `quarantined` records, `other` (header, blank, preamble, footer) and `bytes_covered`.
    """

    def count(*kinds: str) -> Column:
        return F.count_if(F.col("_kind").isin(*kinds))

    counts_df = rows_df.groupBy(F.col("_unit_id").alias("unit_id")).agg(
        count("record", "refused", "quarantined").alias("found"),
        count("record").alias("kept"),
        count("refused").alias("refused"),
        count("quarantined").alias("quarantined"),
        count("header", "blank", "preamble", "footer").alias("other"),
        F.sum("_byte_length").alias("bytes_covered"),
        F.min(F.when(F.col("_kind") == "quarantined", F.col("_reason"))).alias("reason"),
    )
    state = F.when(F.col("reason").isNotNull(), "quarantined").otherwise("recorded")
    return (
        manifests_df.join(counts_df, on="unit_id", how="inner")
        .withColumn("state", state)
        .withColumn("run_id", F.lit(run.run_id))
        .withColumn("noted_at", F.lit(run.started_at))
    )


def current_units(log_df: DataFrame) -> DataFrame:
    """Return what holds now of each unit: of its newest delivery applied wins over recorded, then the newest note.

    Grain: one row per unit and state → one row per unit.
    """
    rank = F.struct("received_at", F.col("state") == "applied", "noted_at", F.struct(*log_df.columns))
    newest_df = log_df.groupBy("unit_id").agg(F.max(rank).alias("newest"))
    return newest_df.select("newest.col4.*")


def balance(candidate_df: DataFrame, amount: str, run_id: str) -> DataFrame:
    """Add up what became of a unit's records.

    Grain: one row per judged row → one row per unit, disposition and currency: records, lines, exact amount, and
    how many lines have an amount that cannot be known. A record of several lines counts where its first line went;
    `deleted` and `replaced` (what an updated line held before) count no record: those belong to older units.
    Units: amounts in the row's currency.
    """
    replaced_df = (
        candidate_df.where("_disposition = 'accepted_update'")
        .withColumn(amount, F.col("_old_amount"))
        .withColumn("_disposition", F.lit("replaced"))
    )
    counts = (F.col("_row_no") == 0) & ~F.col("_disposition").isin("deleted", "replaced")
    grouped = candidate_df.unionByName(replaced_df).groupBy(
        F.col("_unit_id").alias("unit_id"), "source", F.col("_disposition").alias("disposition"), "currency_code"
    )
    return grouped.agg(
        F.count_if(counts).alias("records"),
        F.count("*").alias("line_count"),
        F.coalesce(F.sum(amount), F.lit(0)).cast("decimal(38,4)").alias("amount"),
        F.count_if(F.col(amount).isNull()).alias("unknown_amounts"),
    ).withColumn("run_id", F.lit(run_id))


def unbalanced_units(units_df: DataFrame, balances_df: DataFrame) -> DataFrame:
    """Return the units whose kept records are not all accounted for; none when the books close.

    Grain: one row per unit that does not close, with `kept` and `accounted`.
    """
    accounted_df = balances_df.groupBy("unit_id").agg(F.sum("records").alias("accounted"))
    both_df = units_df.join(accounted_df, on="unit_id", how="left").fillna(0, ["accounted"])
    return both_df.where("kept <> accounted OR bytes_covered <> size_bytes").select(
        "source", "name", "unit_id", "kept", "accounted", "size_bytes", "bytes_covered"
    )


def expected_totals(published_df: DataFrame, balances_df: DataFrame, amount: str) -> dict[str, Decimal]:
    """Return what the published amounts must be after promotion, per currency: before + came - went."""
    signed = F.expr(
        "CASE disposition WHEN 'accepted_new' THEN amount WHEN 'accepted_update' THEN amount "
        "WHEN 'replaced' THEN -amount WHEN 'deleted' THEN -amount ELSE 0 END"
    )
    changes_df = balances_df.select("currency_code", signed.cast("decimal(38,4)").alias("amount"))
    before_df = published_df.select("currency_code", F.col(amount).cast("decimal(38,4)").alias("amount"))
    return totals(before_df.unionByName(changes_df), "amount")


def totals(rows_df: DataFrame, amount: str) -> dict[str, Decimal]:
    """Return the exact sum of a column per currency; rows without a currency are not sales."""
    sums_df = rows_df.where("currency_code IS NOT NULL").groupBy("currency_code").agg(F.sum(amount).alias("total"))
    return {row["currency_code"]: row["total"] for row in sums_df.collect() if row["total"]}


def in_lines(balances_df: DataFrame) -> list[str]:
    """Say the balance in words: one line per source, for the end of a run."""
    grouped = balances_df.groupBy("source", "disposition").agg(F.sum("records"), F.sum("line_count"))
    parts: dict[str, list[str]] = {}
    found: Counter[str] = Counter()
    for source, disposition, records, lines in sorted(map(tuple, grouped.collect())):
        found[source] += records
        aside = disposition in ("deleted", "replaced")
        parts.setdefault(source, []).append(f"{lines if aside else records:,} {disposition}{' rows' if aside else ''}")
    return [f"{source}: {found[source]:,} records: {', '.join(words)}" for source, words in parts.items()]


def findings_frame(spark: SparkSession, findings: list[Finding], run_id: str, gate: str) -> DataFrame:
    """Return a gate's findings as rows of `ops.gates`. Grain: one row per rule."""
    rows = [(run_id, gate, f.table, f.rule, f.severity, f.ok, f.detail) for f in findings]
    frame = spark.createDataFrame(rows, GATES_DDL.replace(", judged_at TIMESTAMP", ""))
    return frame.withColumn("judged_at", F.current_timestamp())


def pending_slices(silver_df: DataFrame, slices_df: DataFrame, gold: GoldSpec) -> list[str]:
    """Return the dates a gold table must rebuild: promoted since, or built by another definition of it."""
    ours_df = slices_df.where(F.col("gold_table") == gold.table)
    # Within one run a slice is pending before it is built.
    newest = F.max(F.struct("noted_at", F.col("state") == "built", "definition")).alias("newest")
    built_df = ours_df.groupBy("business_date").agg(newest).where("newest.col2")
    built_df = built_df.where(F.col("newest.definition") == gold.definition)
    dates_df = silver_df.select("business_date").union(ours_df.select("business_date")).distinct()
    pending_df = dates_df.join(built_df, on="business_date", how="left_anti")
    return sorted(str(row["business_date"]) for row in pending_df.collect())


def slices_frame(spark: SparkSession, gold: GoldSpec, dates: list[str], state: str, run: Run) -> DataFrame:
    """Return the state of slices as rows of `ops.slices`. Grain: one row per gold table and date."""
    rows = [(gold.table, date.fromisoformat(day), state, gold.definition, run.run_id, run.started_at) for day in dates]
    return spark.createDataFrame(rows, SLICES_DDL)
