"""Do the books close: each unit's records, the published rows and amounts, gold against silver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from sales_lakehouse.ledger.faults import Fault, money
from sales_lakehouse.ledger.notes import SIGNS, Books, Key, UnitNote
from sales_lakehouse.ledger.query import is_table, select
from sales_lakehouse.specs import GoldSpec, Pipelines, SilverSpec, Tie
from sales_lakehouse.wording import counted

Totals = dict[tuple[str, ...], tuple[int, Decimal]]
"""Lines and amount by names: of source and currency, or of slice and currency."""


def check_units(books: Books) -> Iterator[Fault]:
    """Hold what was found in each unit against what became of it.

    A unit that is recorded and not yet applied may wait for its judgement.
    """
    accounted: dict[Key, int] = defaultdict(int)
    for balance in books.balances:
        accounted[balance.key] += balance.records
    for unit in books.units:
        where = f"{unit.source} {unit.name} (unit {unit.unit_id[:8]})"
        yield from (Fault(where, what) for what in _open_ends(unit, accounted[unit.key]))


def check_silver(root: Path, pipelines: Pipelines, books: Books) -> Iterator[Fault]:
    """Hold the published rows and amounts of each source against what the books say came and went."""
    for table in pipelines.silver.values():
        sources = {spec.source for spec in pipelines.sources_of(table.table)} - books.in_flight
        expected, found = _from_books(books, sources), _published(root, table, sources)
        yield from _differences(f"silver.{table.table}", expected, found, "the books say")


def check_gold(root: Path, pipelines: Pipelines) -> Iterator[Fault]:
    """Hold gold's totals against silver's, by date and currency.

    Dates that wait to be built anew are left out, and tables that were never built.
    """
    for gold in (gold for gold in pipelines.gold.values() if is_table(root, f"gold.{gold.table}")):
        waiting = set(waiting_slices(root, gold))
        for tie in gold.ties_to:
            name = tie.silver.split(".")[0]
            theirs, ours = _tied_silver(root, tie, pipelines.silver[name]), _tied_gold(root, gold, tie)
            shown = [_without(totals, waiting) for totals in (theirs, ours)]
            yield from _differences(f"gold.{gold.table}, {tie.column}", shown[0], shown[1], f"{tie.silver} says")


def waiting_slices(root: Path, gold: GoldSpec) -> list[str]:
    """Return the dates that were promoted to silver since gold was built for them."""
    sql = (
        "SELECT business_date AS d, max(CASE WHEN state = 'pending' THEN noted_at END) AS pending, "
        f"max(CASE WHEN state = 'built' THEN noted_at END) AS built FROM s WHERE gold_table = '{gold.table}' GROUP BY 1"
    )
    rows = select(root, sql, s="ops.slices")
    return [str(row["d"]) for row in rows if row["pending"] and (not row["built"] or row["built"] < row["pending"])]


def _open_ends(unit: UnitNote, accounted: int) -> Iterator[str]:
    told = unit.kept + unit.refused + unit.quarantined
    if unit.found != told:
        yield f"{counted(unit.found, 'record')} found, {told:,} kept, refused or set aside"
    if unit.state == "applied" and unit.kept != accounted:
        yield f"{counted(unit.kept, 'record')} kept, {accounted:,} accounted for"
    if unit.bytes_covered != unit.size_bytes:
        yield f"{unit.size_bytes:,} bytes delivered, {unit.bytes_covered:,} read"


def _from_books(books: Books, sources: set[str]) -> Totals:
    sums: Totals = defaultdict(lambda: (0, Decimal(0)))
    for b in books.balances:
        if b.key in books.published and b.source in sources and b.disposition in SIGNS:
            sign, key = SIGNS[b.disposition], (b.source, b.currency_code or "")
            lines = b.line_count if b.disposition in ("accepted_new", "deleted") else 0
            sums[key] = (sums[key][0] + sign * lines, sums[key][1] + sign * b.amount)
    return sums


def _published(root: Path, table: SilverSpec, sources: set[str]) -> Totals:
    amount = table.amount or "0"
    currency = "currency_code" if table.amount else "''"
    sql = f"SELECT source, {currency} AS c, count(*) AS n, {_sum(amount)} AS total FROM s GROUP BY 1, 2"
    rows = select(root, sql, s=f"silver.{table.table}")
    return {(row["source"], row["c"] or ""): (row["n"], row["total"]) for row in rows if row["source"] in sources}


def _tied_silver(root: Path, tie: Tie, table: SilverSpec) -> Totals:
    column = tie.silver.split(".")[1]
    counted = f"CASE WHEN coalesce({tie.where}, false) THEN {column} END"
    sql = f"SELECT {table.slice} AS d, currency_code AS c, {_sum(counted)} AS total FROM s GROUP BY 1, 2"
    return _by_slice(root, sql, f"silver.{table.table}")


def _tied_gold(root: Path, gold: GoldSpec, tie: Tie) -> Totals:
    sql = f"SELECT {gold.slice} AS d, currency_code AS c, {_sum(tie.column)} AS total FROM s GROUP BY 1, 2"
    return _by_slice(root, sql, f"gold.{gold.table}")


def _by_slice(root: Path, sql: str, table: str) -> Totals:
    return {(str(row["d"]), row["c"] or ""): (0, row["total"]) for row in select(root, sql, s=table)}


def _sum(amount: str) -> str:
    return f"coalesce(sum(CAST({amount} AS DECIMAL(38,4))), CAST(0 AS DECIMAL(38,4)))"


def _without(totals: Totals, slices: set[str]) -> Totals:
    return {key: total for key, total in totals.items() if key[0] not in slices}


def _differences(where: str, expected: Totals, found: Totals, who: str) -> Iterator[Fault]:
    """Tell each pair that differs; nothing and zero are the same."""
    nothing = (0, Decimal(0))
    for key in sorted({*expected, *found}):
        theirs, ours = expected.get(key, nothing), found.get(key, nothing)
        if theirs != ours:
            yield Fault(f"{where}, {' '.join(filter(None, key))}", f"it holds {_told(ours)}, {who} {_told(theirs)}")


def _told(total: tuple[int, Decimal]) -> str:
    lines, amount = total
    return f"{counted(lines, 'row')}, {money(amount)}" if lines else money(amount)
