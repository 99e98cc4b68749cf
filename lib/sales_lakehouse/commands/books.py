"""`lakehouse books`: the balance of everything that was delivered, and whether it closes."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from sales_lakehouse.commands.declared import bundle_option, format_option, lakehouse_option, say, told
from sales_lakehouse.commands.places import as_json, find_place, in_columns
from sales_lakehouse.ledger.breaks import Answer
from sales_lakehouse.ledger.chain import accept_commit
from sales_lakehouse.ledger.notes import DISPOSITIONS, SIGNS, Balance, Books
from sales_lakehouse.ledger.statement import Choice, Statement, draw_up
from sales_lakehouse.wording import counted

NOT_CLOSED = 3
_SHOWN = 20


@click.command("books")
@click.option(
    "--run", "run_id", help="Only the units that this run noted or judged; the beginning of its id, or `last`."
)
@click.option("--unit", help="Only this unit: its id, or the beginning of it.")
@click.option("--deep", is_flag=True, help="Read every file and every landed byte, too.")
@click.option("--accept", metavar="TABLE:VERSION", help="Answer for a commit that is not ours; needs --because.")
@click.option("--because", help="Why the commit is accepted; kept with your name and the time.")
@bundle_option
@lakehouse_option
@format_option
@click.pass_context
def show_books(context: click.Context, /, bundle: Path, lakehouse: Path | None, form: str, **asked: Any) -> None:
    """Show what became of every delivered record and amount.

    Records: kept = what silver has taken in, by what became of it + waiting (of units that no gate has let into silver
    yet). Amounts: published = accepted_new + accepted_update - replaced - deleted; waiting is what the next gate would
    add, unknown counts lines whose amount cannot be read. Ends with 3 when the books do not close.
    """
    if asked["run_id"] and asked["unit"]:
        raise click.UsageError("--run and --unit: give one of them")
    place = find_place(bundle, lakehouse)
    with told():
        if asked["accept"]:
            _accept(place.root, asked["accept"], asked["because"])
        choice = Choice(asked["run_id"], asked["unit"])
        statement = draw_up(place.root, place.pipelines, choice, deep=bool(asked["deep"]))
    if form == "json":
        click.echo(as_json(_facts(statement)))
    else:
        say("\n".join(_lines(statement)))
    context.exit(0 if statement.closes else NOT_CLOSED)


def _accept(root: Path, named: str, because: str | None) -> None:
    table, _, version = named.rpartition(":")
    if not table or not version.removeprefix("-").isdigit():
        raise click.UsageError(f"--accept {named}: expected TABLE:VERSION like silver.sale_lines:3")
    if not because:
        raise click.UsageError(f'--accept {named}: say why with --because "..."; it is kept with your name')
    answer = Answer(getpass.getuser(), datetime.now(UTC).isoformat(timespec="seconds"), because)
    chosen = accept_commit(root, table, int(version), answer)
    click.echo(f"accepted by {answer.accepted_by}: {chosen.in_words()}", err=True)


def _lines(statement: Statement) -> Iterator[str]:
    yield from in_columns(*_records(statement.books))
    if amounts := _amounts(statement.books):
        yield from ["", *in_columns(_AMOUNT_HEAD, amounts, left=2)]
    if statement.open_units:
        yield f"\nopen: {counted(len(statement.open_units), 'unit')}"
    for unit in statement.open_units[:_SHOWN]:
        yield f"  {unit.source} {unit.name} (unit {unit.unit_id[:8]}, received {unit.received_at[:19]}): {unit.state}"
    yield ""
    yield from (f"note: {remark}" for remark in statement.remarks)
    findings = [*(found.in_words() for found in statement.foreign), *(fault.in_words() for fault in statement.faults)]
    yield from (f"finding: {text}" for text in findings[:_SHOWN])
    if len(findings) > _SHOWN:
        yield f"finding: and {len(findings) - _SHOWN:,} more; --format json lists all"
    yield statement.verdict()


def _records(books: Books) -> tuple[list[str], list[list[object]]]:
    """Count records per source; kept = the dispositions of what silver has taken in + waiting."""
    head = ["source", "units", "found", "kept", "refused", "unit_quarantined", *DISPOSITIONS, "waiting"]
    rows: list[list[object]] = []
    for source in sorted({unit.source for unit in books.units}):
        units = [unit for unit in books.units if unit.source == source]
        ours = [balance for balance in books.taken_in if balance.source == source]
        counts = [
            len(units),
            sum(unit.found for unit in units),
            sum(unit.kept for unit in units),
            sum(unit.refused for unit in units),
            sum(unit.quarantined for unit in units),
            *(sum(b.records for b in ours if b.disposition == name) for name in DISPOSITIONS),
            sum(unit.kept for unit in units if unit.key not in books.published),
        ]
        rows.append([source, *counts])
    return head, rows


_AMOUNT_HEAD = ["source", "currency", *SIGNS, "published", "quarantined", "superseded", "waiting", "unknown"]


def _amounts(books: Books) -> list[list[object]]:
    """Add up amounts per source and currency; currencies are never added."""
    pairs = sorted({(b.source, b.currency_code) for b in books.balances if b.currency_code})
    return [_amount_row(source, str(currency), books) for source, currency in pairs]


def _amount_row(source: str, currency: str, books: Books) -> list[object]:
    ours = [b for b in books.taken_in if (b.source, b.currency_code) == (source, currency)]
    waiting = [b for b in books.waiting if (b.source, b.currency_code) == (source, currency)]
    changes = [_total(ours, name) for name in SIGNS]
    published = sum((sign * total for sign, total in zip(SIGNS.values(), changes, strict=True)), Decimal(0))
    shown = [*changes, published, _total(ours, "quarantined"), _total(ours, "superseded"), _signed(waiting)]
    return [source, currency, *shown, sum(b.unknown_amounts for b in (*ours, *waiting))]


def _signed(balances: list[Balance]) -> Decimal:
    """Return by how much silver would change."""
    return sum((SIGNS.get(b.disposition, 0) * b.amount for b in balances), Decimal(0))


def _total(balances: list[Balance], disposition: str) -> Decimal:
    return sum((b.amount for b in balances if b.disposition == disposition), Decimal(0))


def _facts(statement: Statement) -> dict[str, object]:
    head, rows = _records(statement.books)
    return {
        "closes": statement.closes,
        "verdict": statement.verdict(),
        "records": [dict(zip(head, row, strict=True)) for row in rows],
        "amounts": [dict(zip(_AMOUNT_HEAD, row, strict=True)) for row in _amounts(statement.books)],
        "units": [asdict(unit) for unit in statement.books.units],
        "balances": [asdict(balance) for balance in statement.books.balances],
        "open": [asdict(unit) for unit in statement.open_units],
        "foreign_commits": [asdict(found) for found in statement.foreign],
        "faults": [asdict(fault) for fault in statement.faults],
        "notes": statement.remarks,
    }
