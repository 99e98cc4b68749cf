"""The way of the records in figures: what arrived, and where it is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sales_lakehouse.ledger.notes import DISPOSITIONS, Books
from sales_lakehouse.wording import counted, disposition_in_words

WAITING = "waits for a gate"
UNJUDGED = "not judged yet"
REFUSED = "refused"
WHOLE = "quarantined with their unit"


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
        REFUSED: sum(unit.refused for unit in books.units),
        WHOLE: sum(unit.quarantined for unit in books.units),
    }
    return {name: count for name, count in counts.items() if count or name == "arrived"}


def in_lines(books: Books) -> list[str]:
    """Say in words what became of the records: one line per source, for the end of a run."""
    lines = []
    for source in sorted({unit.source for unit in books.units}):
        of_source = books.of_units({unit.key for unit in books.units if unit.source == source})
        found = sum(unit.found for unit in of_source.units)
        lines.append(f"{source}: {counted(found, 'record')}: {', '.join(_places(of_source)) or 'none'}")
    return lines


def _places(books: Books) -> Iterator[str]:
    records, lines = Counter[str](), Counter[str]()
    for balance in books.taken_in:
        records[balance.disposition] += balance.records
        lines[balance.disposition] += balance.line_count
    yield from (disposition_in_words(name, records[name], lines[name]) for name in sorted(records))
    flow = count_flow(books)
    yield from (f"{flow[name]:,} {name}" for name in (WAITING, UNJUDGED, REFUSED, WHOLE) if name in flow)
