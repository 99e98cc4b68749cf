"""The way of the records in figures: what arrived, and where it is now."""

from __future__ import annotations

from collections import Counter

from sales_lakehouse.ledger.notes import DISPOSITIONS, Books

WAITING = "waits for a gate"
UNJUDGED = "not judged yet"


def count_flow(books: Books) -> dict[str, int]:
    """Count what arrived and, in the order of the way, where it is: all others together are what arrived.

    A disposition counts what silver has taken in; what a run judged and no gate has let in waits.
    Units: records.
    """
    judged = {balance.key for balance in books.balances}
    went = Counter[str]()
    for balance in books.taken_in:
        went[balance.disposition] += balance.records
    counts = {
        "arrived": sum(unit.found for unit in books.units),
        **{name: went[name] for name in DISPOSITIONS},
        WAITING: sum(balance.records for balance in books.waiting),
        UNJUDGED: sum(unit.kept for unit in books.units if unit.key not in judged),
        "refused": sum(unit.refused for unit in books.units),
        "unit in quarantine": sum(unit.quarantined for unit in books.units),
    }
    return {name: count for name, count in counts.items() if count or name == "arrived"}
