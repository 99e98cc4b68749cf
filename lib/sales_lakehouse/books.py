"""The books: every record and every amount of a unit is somewhere, exactly once.

Tables: `ops.units` (one row per unit and state it reached), `ops.balances` (one row per unit, disposition, currency
and the run that judged or published it), `ops.slices` (one row per gold table, slice and state it reached),
`ops.gates` (one row per run, gate and rule). States are only ever added; `current_units` and `pending_slices` tell
what holds now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from sales_lakehouse.landing import Manifest
from sales_lakehouse.quality import Finding
from sales_lakehouse.run import Run
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import GoldSpec, SilverSpec
from sales_lakehouse.wording import counted, disposition_in_words

UNITS_DDL = (
    "unit_id STRING, source STRING, name STRING, received_at STRING, unit_date STRING, size_bytes BIGINT, "
    "corrects STRING, found BIGINT, kept BIGINT, refused BIGINT, quarantined BIGINT, other BIGINT, "
    "bytes_covered BIGINT, reason STRING, state STRING, run_id STRING, noted_at TIMESTAMP, is_repair BOOLEAN"
)
_NO_AMOUNT = "_no_amount"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PUBLISHING = ("accepted_new", "accepted_update", "replaced", "deleted")
"""The dispositions whose amounts change what is published."""
ASIDE = ("quarantined", "repaired", "repair_failed")
"""The dispositions of what stands in a quarantine table: a record, one whose repair holds, a repair that is wrong."""
_SUMMED = {"records": "BIGINT", "line_count": "BIGINT", "amount": "DECIMAL(38,4)", "unknown_amounts": "BIGINT"}
COUNTED = ("_unit_id", "_kind", "_byte_length", "_reason")
"""The columns of a bronze table that the books count."""
BALANCES_DDL = (
    "unit_id STRING, source STRING, disposition STRING, currency_code STRING, records BIGINT, line_count BIGINT, "
    "amount DECIMAL(38,4), unknown_amounts BIGINT, run_id STRING"
)
SLICES_DDL = "gold_table STRING, business_date DATE, state STRING, definition STRING, run_id STRING, noted_at TIMESTAMP"
GATES_DDL = (
    "run_id STRING, gate STRING, table_name STRING, rule STRING, severity STRING, ok BOOLEAN, detail STRING, "
    "judged_at TIMESTAMP"
)


def _count(*kinds: str) -> Column:
    return F.count_if(F.col("_kind").isin(*kinds))


_QUARANTINED = 3
"""The place of `quarantined` among the counts."""


def _counts() -> list[Column]:
    """Return what is counted of a unit's rows, in the order of `ops.units`."""
    return [
        _count("record", "refused", "quarantined").alias("found"),
        _count("record").alias("kept"),
        _count("refused").alias("refused"),
        _count("quarantined").alias("quarantined"),
        _count("header", "blank", "preamble", "footer").alias("other"),
        F.sum("_byte_length").alias("bytes_covered"),
        F.min(F.when(F.col("_kind").isin("quarantined", "footer"), F.col("_reason"))).alias("reason"),
    ]


def count_units(rows_df: DataFrame, manifests: list[Manifest], run: Run) -> DataFrame:
    """Count what became of the bytes of units.

    Grain: one row per bronze row → one row per unit that has rows, with `found` = `kept` + `refused` + `quarantined`
    records, `other` (header, blank, preamble, footer) and `bytes_covered`. `reason` is why a unit stands aside, or
    which of the partner's totals could not be compared.
    """
    counts_of = rows_df.groupBy("_unit_id").agg(*_counts()).collect()
    counts = {unit_id: values for unit_id, *values in map(tuple, counts_of)}
    rows = [_unit_row(manifest, counts[manifest.unit_id], run) for manifest in manifests if manifest.unit_id in counts]
    return local_frame(rows_df.sparkSession, rows, UNITS_DDL)


def _unit_row(m: Manifest, counts: list[Any], run: Run) -> tuple[Any, ...]:
    about = (m.unit_id, m.source, m.name, m.received_at, m.business_date, m.size_bytes, m.corrects)
    is_aside = bool(counts[_QUARANTINED])
    return (*about, *counts, "quarantined" if is_aside else "recorded", *run.stamp, bool(m.repairs))


def current_units(log_df: DataFrame) -> DataFrame:
    """Return what holds now of each unit: of its newest delivery applied wins over recorded, then the newest note.

    Grain: one row per unit and state → one row per unit, with `was_applied`: some delivery of it was applied once.
    """
    rank = F.struct("received_at", F.col("state") == "applied", "noted_at", F.struct(*log_df.columns))
    newest_df = log_df.groupBy("unit_id").agg(
        F.max(rank).alias("newest"), F.bool_or(F.col("state") == "applied").alias("was_applied")
    )
    return newest_df.select("newest.col4.*", "was_applied")


def balance(candidate_df: DataFrame, table: SilverSpec, run_id: str) -> DataFrame:
    """Add up what became of a unit's records.

    Grain: one row per judged row → one row per unit, disposition and currency: records, lines, exact amount, and
    how many lines have an amount that cannot be known. A record of several lines counts where its first line went;
    `deleted` and `replaced` (what an updated line held before) count no record: those belong to older units.
    Units: amounts in the row's currency; a table without amounts has 0 and no currency.
    """
    if table.amount is None:
        nothing = {"currency_code": F.lit(None).cast("string"), _NO_AMOUNT: F.lit(0).cast("decimal(38,4)")}
        candidate_df = candidate_df.withColumns(nothing)
    amount = table.amount or _NO_AMOUNT
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
        F.count_if(F.col(amount).isNull() & (F.col("_disposition") != "withdrawn")).alias("unknown_amounts"),
    ).withColumn("run_id", F.lit(run_id))


def settled(balances_df: DataFrame, published_df: DataFrame | None = None) -> DataFrame:
    """Return balances as they are kept: what an earlier judgement accepted is accepted, however often it is judged.

    Grain: one row per unit, disposition and currency → the same, with accepted_before counted as accepted_new; what
    earlier runs published keeps their names, so that a judgement which no gate let pass is told from it.
    Units: records are told as last judged. Amounts are what was published and taken back ever since, so the rows of
    accepted_before bring none: `published_df` are the balances that published or took back amounts of these units
    before.
    """
    before = F.col("disposition") == "accepted_before"
    told_df = balances_df.withColumns(
        {
            "disposition": F.when(before, "accepted_new").otherwise(F.col("disposition")),
            "line_count": F.when(before & F.lit(published_df is not None), 0).otherwise(F.col("line_count")),
            "amount": F.when(before & F.lit(published_df is not None), 0).otherwise(F.col("amount")),
        }
    )
    if published_df is not None:
        told_df = told_df.unionByName(published_df.withColumns({"records": F.lit(0), "unknown_amounts": F.lit(0)}))
    sums = [F.sum(name).cast(kind).alias(name) for name, kind in _SUMMED.items()]
    keys = ("unit_id", "source", "disposition", "currency_code", "run_id")
    return told_df.groupBy(*keys).agg(*sums).select(*keys[:-1], *_SUMMED, "run_id")


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


def sum_dispositions(balances_df: DataFrame) -> pd.DataFrame:
    """Return what became of all records. Grain: one row per source and disposition, `records` and `line_count`."""
    sums = (F.sum("records").alias("records"), F.sum("line_count").alias("line_count"))
    return balances_df.groupBy("source", "disposition").agg(*sums).orderBy("source", "disposition").toPandas()


def in_lines(went: pd.DataFrame) -> list[str]:
    """Say in words what became of the records: one line per source, for the end of a run."""
    lines = []
    for source, rows in went.groupby("source"):
        columns = (rows[name] for name in ("disposition", "records", "line_count"))
        words = [disposition_in_words(*row) for row in zip(*columns, strict=True)]
        lines.append(f"{source}: {counted(int(rows['records'].sum()), 'record')}: {', '.join(words)}")
    return lines


def findings_frame(spark: SparkSession, findings: list[Finding], run_id: str, gate: str) -> DataFrame:
    """Return a gate's findings as rows of `ops.gates`. Grain: one row per rule."""
    rows = [(run_id, gate, f.table, f.rule, f.severity, f.ok, f.told) for f in findings]
    frame = local_frame(spark, rows, GATES_DDL.replace(", judged_at TIMESTAMP", ""))
    return frame.withColumn("judged_at", F.current_timestamp())


def pending_slices(
    dates: Iterable[date], notes: Iterable[Row], gold: GoldSpec, asked: Collection[str] = ()
) -> list[str]:
    """Return the slices a gold table must rebuild: what they look at was promoted since, or their definition changed.

    `dates` are those that silver holds, `notes` the rows of `ops.slices`. Dates that are `asked` for are built anew,
    where they are known from either: a date without sales is no slice.
    """
    ours = [note for note in notes if note["gold_table"] == gold.table]
    promoted = _newest(note for note in ours if note["state"] == "pending")
    built = _newest(note for note in ours if note["state"] == "built" and note["definition"] == gold.definition)
    known = {*dates, *(note["business_date"] for note in ours)}
    return sorted(
        str(day) for day in known if str(day) in asked or not _is_built(day, built, promoted, gold.lookback_days)
    )


def _newest(notes: Iterable[Row]) -> dict[date, datetime]:
    newest: dict[date, datetime] = {}
    for note in notes:
        day = note["business_date"]
        newest[day] = max(note["noted_at"], newest.get(day, note["noted_at"]))
    return newest


def _is_built(day: date, built: dict[date, datetime], promoted: dict[date, datetime], lookback: int) -> bool:
    """Tell whether a slice was built after all it looks at was promoted; within one run, promotion comes first."""
    if day not in built:
        return False
    looked_at = (promoted.get(day - timedelta(days=back)) for back in range(lookback + 1))
    return all(promoted_at is None or promoted_at <= built[day] for promoted_at in looked_at)


def next_note(notes_df: DataFrame, run: Run, later: int) -> tuple[str, datetime]:
    """Return run and time of a note that no other lies after: the newest counts, also where the clock was set back.

    Units: `later` is how many microseconds it comes after the newest, where the run's own time does not.
    """
    newest = notes_df.agg(F.max(F.unix_micros("noted_at"))).collect()[0][0]
    moment = run.started_at if newest is None else _EPOCH + timedelta(microseconds=newest + later)
    return run.run_id, max(run.started_at, moment)


def slices_frame(
    spark: SparkSession, gold: GoldSpec, dates: list[str], state: str, note: tuple[str, datetime]
) -> DataFrame:
    """Return the state of slices as rows of `ops.slices`. Grain: one row per gold table and date."""
    rows = [(gold.table, date.fromisoformat(day), state, gold.definition, *note) for day in dates]
    return local_frame(spark, rows, SLICES_DDL)
