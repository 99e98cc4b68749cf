"""The day in figures: small frames for a reader, from gold and the books."""

from __future__ import annotations

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_FLOW = ["accepted_new", "accepted_update", "unchanged", "duplicate", "superseded", "quarantined"]


def select_day(daily_df: DataFrame) -> pd.DataFrame:
    """Return the last business date by seller and currency.

    Units: amounts in `currency_code`.
    """
    last_df = daily_df.agg(F.max("business_date").alias("business_date"))
    day_df = daily_df.join(last_df, on="business_date", how="inner")
    return _sum_by(day_df, "business_date", "source", "currency_code")


def select_sellers(daily_df: DataFrame) -> pd.DataFrame:
    """Return all dates by seller and currency. Units: amounts in `currency_code`."""
    return _sum_by(daily_df, "source", "currency_code")


def select_countries(daily_df: DataFrame, currency: str) -> pd.DataFrame:
    """Return net amounts by country, the largest first. Units: `currency`."""
    rows = daily_df.where(F.col("currency_code") == currency).groupBy("country_name")
    sums_df = rows.agg(F.sum("net_amount").alias("net_amount"), F.sum("order_count").alias("orders"))
    return sums_df.orderBy(F.desc("net_amount"), "country_name").toPandas()


def select_days(daily_df: DataFrame) -> pd.DataFrame:
    """Return net amounts: one row per date, one column per seller and its currency."""
    series = F.concat_ws(" ", "source", "currency_code")
    sums_df = daily_df.groupBy("business_date", series.alias("series")).agg(F.sum("net_amount").alias("net_amount"))
    frame = sums_df.orderBy("business_date", "series").toPandas()
    return frame.pivot(index="business_date", columns="series", values="net_amount")


def count_flow(units_df: DataFrame, balances_df: DataFrame) -> dict[str, int]:
    """Return the way of the records: arrived, refused, then each disposition, in that order."""
    arrived, refused, whole = units_df.agg(F.sum("found"), F.sum("refused"), F.sum("quarantined")).collect()[0]
    grouped = balances_df.groupBy("disposition").agg(F.sum("records"))
    went = {disposition: int(records) for disposition, records in map(tuple, grouped.collect())}
    counts = {"arrived": int(arrived or 0), **{name: went.get(name, 0) for name in _FLOW}}
    counts |= {"refused": int(refused or 0), "unit in quarantine": int(whole or 0)}
    return {name: count for name, count in counts.items() if count or name == "arrived"}


def count_reasons(quarantine_df: DataFrame) -> pd.DataFrame:
    """Return how many records broke which rule, by source. Grain: one row per source and rule."""
    reasons_df = quarantine_df.select("source", F.explode("_errors").alias("rule"), "_unit_id", "_record_no")
    counts_df = reasons_df.groupBy("source", "rule").agg(F.count_distinct("_unit_id", "_record_no").alias("records"))
    return counts_df.orderBy("source", "rule").toPandas()


def _sum_by(daily_df: DataFrame, *keys: str) -> pd.DataFrame:
    counts = ("order_count", "cancellation_count", "line_count", "quantity")
    amounts = ("sales_amount", "cancelled_amount", "net_amount")
    summed = [F.sum(name).alias(name) for name in (*counts, *amounts)]
    return daily_df.groupBy(*keys).agg(*summed).orderBy(*keys).toPandas()
