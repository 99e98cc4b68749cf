"""The days in figures: small frames for a reader, from gold and the books."""

from __future__ import annotations

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse.specs import Pipelines
from sales_lakehouse.tables import Lakehouse
from sales_lakehouse.wording import counted

_BROKEN = ("failed", "timedout", "canceled")
_COUNTS = ["order_count", "cancellation_count", "line_count", "quantity"]
_AMOUNTS = ["sales_amount", "cancelled_amount", "net_amount"]
DAILY_DDL = ", ".join(
    [
        "business_date DATE, source STRING, country_name STRING, currency_code STRING",
        *(f"{name} BIGINT" for name in _COUNTS),
        *(f"{name} DECIMAL(38,4)" for name in _AMOUNTS),
    ]
)
"""What the figures read of `gold.daily_sales`, whatever else its contract holds today."""


def broken_tasks(states: str) -> list[str]:
    """Return the tasks that broke, each with its state; those that only waited for one of them are left out."""
    broken = [state for state in states.split(", ") if state.endswith(_BROKEN)]
    return [state for state in broken if " upstream_" not in state] or broken


def name_verdict(states: str, run_id: str, started_at: str) -> str:
    """Say how the run went before the report: verdict, run and start, what stopped it, whose figures gold shows.

    `states` are the tasks before and their result states: `land success, gate_gold failed`.
    """
    told = dict(state.rsplit(" ", 1) for state in states.split(", ") if state)
    if not told:
        return "no job ran before this notebook: the figures are what was published last"
    broken = broken_tasks(states)
    lines = [f"{'FAILED' if broken else 'SUCCESS'}  run {run_id}, started {started_at[:19].replace('T', ' ')} UTC"]
    lines += [f"stopped by: {', '.join(broken)}"] if broken else []
    for layer in ("silver", "gold"):
        published = told.get(f"gate_{layer}") == "success"
        lines.append(f"{layer}: {'published by this run' if published else 'as it was before this run'}")
    return "\n".join([*lines, f"tasks: {states}"])


def name_trace(daily: pd.DataFrame) -> str:
    """Return the command that shows what stands behind one figure of the last business date; none without rows."""
    if daily.empty:
        return ""
    row = daily.sort_values(["business_date", "source"], ascending=[False, True]).iloc[0]
    place = f"--where business_date={row['business_date']} --where source={row['source']}"
    return f"lines, deliveries and bytes behind a figure: lakehouse trace gold.daily_sales {place}"


def read_last_days(daily_df: DataFrame, days: int) -> pd.DataFrame:
    """Return the newest business dates of `daily_sales`. Grain: as the table.

    Units: amounts in `currency_code`.
    """
    newest_df = daily_df.select("business_date").distinct().orderBy(F.desc("business_date")).limit(days)
    return daily_df.join(newest_df, on="business_date", how="inner").toPandas()


def name_period(daily: pd.DataFrame) -> str:
    """Say which business dates the rows are of: how many, from when to when."""
    days = sorted(daily["business_date"].unique())
    return f"{counted(len(days), 'business date')}: {days[0]} to {days[-1]}" if days else "no business date yet"


def select_last_day(daily: pd.DataFrame) -> pd.DataFrame:
    """Return the last business date by seller and currency. Units: amounts in `currency_code`."""
    last = daily[daily["business_date"] == daily["business_date"].max()]
    return _sum_by(last, "business_date", "source", "currency_code")


def select_sellers(daily: pd.DataFrame) -> pd.DataFrame:
    """Return all dates by seller and currency. Units: amounts in `currency_code`."""
    return _sum_by(daily, "source", "currency_code")


def select_countries(daily: pd.DataFrame, first: int) -> pd.DataFrame:
    """Return the countries with the largest net amount of each currency. Units: `currency_code`."""
    sums = daily.groupby(["currency_code", "country_name"])[["net_amount", "order_count"]].sum()
    ordered = sums.astype({"net_amount": float}).sort_values(["currency_code", "net_amount"], ascending=[True, False])
    return sums.loc[ordered.index].groupby(level="currency_code").head(first)


def select_days(daily: pd.DataFrame) -> pd.DataFrame:
    """Return net amounts: one row per date, one column per seller and its currency."""
    series = daily["source"] + " " + daily["currency_code"]
    return daily.pivot_table(index="business_date", columns=series, values="net_amount", aggfunc="sum", fill_value=0)


def count_reasons(quarantine_df: DataFrame) -> pd.DataFrame:
    """Return how many records stand aside for which rule, by source; those repaired since no longer do.

    Grain: one row per source and rule.
    """
    open_df = quarantine_df.where("_repaired_by IS NULL")
    reasons_df = open_df.select("source", F.explode("_errors").alias("rule"), "_unit_id", "_record_no")
    counts_df = reasons_df.groupBy("source", "rule").agg(F.count_distinct("_unit_id", "_record_no").alias("records"))
    return counts_df.orderBy("source", "rule").toPandas()


def count_held(lakehouse: Lakehouse, pipelines: Pipelines) -> pd.DataFrame:
    """Return what waits in quarantine for an entity that no dimension knows yet.

    Grain: one row per source and column with such records: how many there are, how many values they name, and the
    oldest of their business dates.
    """
    rows = []
    for source in (source for source in pipelines.sources.values() if source.silver.hold_unknown):
        table = pipelines.table_of(source)
        ddl = f"{table.ddl()}, _errors ARRAY<STRING>, _unit_id STRING, _record_no BIGINT"
        aside_df = lakehouse.read_or_empty(f"quarantine.{table.table}", ddl).where(F.col("source") == source.source)
        for rule, column in source.silver.held_rules.items():
            records, values = F.count_distinct("_unit_id", "_record_no"), F.count_distinct(column)
            oldest = F.min(table.slice) if table.slice else F.lit(None)
            counts = aside_df.where(F.array_contains("_errors", rule)).agg(records, values, oldest).collect()[0]
            rows.append((source.source, column, *counts))
    names = ["source", "waits for its", "records", "values", "oldest date"]
    return pd.DataFrame([row for row in rows if row[2]], columns=names)


def held_in_lines(held: pd.DataFrame) -> list[str]:
    """Say of each row of `count_held` what waits."""
    rows = held.itertuples(index=False, name=None)
    return [
        f"{source}: of the quarantined, {counted(count, 'record', 'wait')} for the {c}" for source, c, count, *_ in rows
    ]


def _sum_by(daily: pd.DataFrame, *keys: str) -> pd.DataFrame:
    return daily.groupby([*keys])[[*_COUNTS, *_AMOUNTS]].sum().reset_index()
