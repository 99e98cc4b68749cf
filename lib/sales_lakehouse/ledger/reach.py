"""Where silver rows go: the slices of gold that are built from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sales_lakehouse.ledger.balance_check import waiting_slices
from sales_lakehouse.ledger.faults import bounded
from sales_lakehouse.specs import GoldSpec, Pipelines


@dataclass(frozen=True)
class Step:
    """One station of a record: where, and what it became there."""

    at: str
    what: str


def gold_of(root: Path, pipelines: Pipelines, table: str, rows: list[dict[str, Any]]) -> Iterator[Step]:
    """Name the gold tables that read these rows of a silver table, and the dates in them."""
    column = pipelines.silver[table].slice
    days = sorted({row[column] for row in rows if row[column]}) if column else []
    for gold in (gold for gold in pipelines.gold.values() if table in gold.reads):
        told = _dates(root, gold, days) if column else f"the dates on which sales name it, as {table} describes it"
        yield Step("gold", f"gold.{gold.table}: {told}")


def _dates(root: Path, gold: GoldSpec, days: list[date]) -> str:
    waiting = {*waiting_slices(root, gold)} & {str(day) for day in days}
    late = f"; {bounded(sorted(waiting))} waits to be built anew: `lakehouse run sales_daily`" if waiting else ""
    if gold.lookback_days:
        return f"{gold.slice} {days[0]} to {days[-1] + timedelta(days=gold.lookback_days)}{late}"
    return f"{gold.slice} {bounded([str(day) for day in days])}{late}"
