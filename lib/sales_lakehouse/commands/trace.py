"""`lakehouse trace`: one record's way from its bytes to gold, or a figure's way back to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from sales_lakehouse.commands.declared import bundle_option, format_option, lakehouse_option, say, told
from sales_lakehouse.commands.places import as_json, find_place, in_columns, shown
from sales_lakehouse.errors import ParameterError
from sales_lakehouse.ledger.conditions import Condition
from sales_lakehouse.ledger.origin import Figure, Origin, trace_figure
from sales_lakehouse.ledger.search import Found, search_records
from sales_lakehouse.specs import Pipelines, SourceSpec
from sales_lakehouse.wording import byte_span, counted

_GOLD = "gold."


@click.command()
@click.argument("source")
@click.option("--where", "wheres", multiple=True, required=True, metavar="COLUMN=VALUE", help="May be repeated.")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="Records or lines to show.")
@bundle_option
@lakehouse_option
@format_option
def trace(source: str, wheres: tuple[str, ...], limit: int, form: str, **place_options: Path) -> None:
    """Follow records from their bytes to gold, or a figure back.

    The records of SOURCE are followed to gold, or to where they stopped. COLUMN is a raw column of the source or a
    column of its silver table. With gold.TABLE in place of SOURCE: from a figure back to the lines and bytes behind
    it. Bytes are counted from 0, in the unpacked delivery; the first and the last that are named belong to the record.
    """
    place = find_place(place_options["bundle"], place_options["lakehouse"])
    with told():
        conditions = [Condition.read(text) for text in wheres]
        found: Origin | Found
        if source.startswith(_GOLD):
            found = trace_figure(place.root, place.pipelines, source.removeprefix(_GOLD), conditions, limit)
        else:
            spec = _source_of(place.pipelines, source)
            found = search_records(place.root, place.pipelines, spec, conditions, limit)
    lines = _of_figure(source, found) if isinstance(found, Origin) else _of_records(source, found)
    if form == "json":
        click.echo(as_json(asdict(found)))
    else:
        say("\n".join(lines))


def _source_of(pipelines: Pipelines, name: str) -> SourceSpec:
    """Return a source; of a bronze or silver table say which sources fill it."""
    layer, _, table = name.partition(".")
    if layer not in ("bronze", "silver", "quarantine") or not table:
        return pipelines.source(name)
    sources = [table] if layer == "bronze" else [source.source for source in pipelines.sources_of(table)]
    known = [each for each in sources if each in pipelines.sources]
    told = f"give the source in its place: {', '.join(known)}" if known else "no source fills such a table"
    raise ParameterError(f"{name}: records are followed by their source, from its bytes through every table; {told}")


def _of_records(source: str, found: Found) -> Iterator[str]:
    if not found.count:
        yield f"{source}: no record matches"
        yield from (f"  {told}" for told in found.looked)
        return
    yield f"{source}: {counted(found.count, 'record', 'match')}"
    for way in found.ways:
        yield ""
        yield from (f"  {step.at:<10} {step.what}" for step in way.steps)
    if found.count > len(found.ways):
        yield f"\nthe first {len(found.ways):,} are shown; --limit shows more"


def _of_figure(table: str, origin: Origin) -> Iterator[str]:
    if not origin.gold_rows:
        yield f"{table}: no row matches"
        yield from (f"  {told}" for told in origin.looked)
        return
    yield f"{table}: {counted(origin.gold_rows, 'row', 'match')}"
    yield from (f"  {_figure(figure)}" for figure in origin.figures)
    days = counted(origin.days_back, "day")
    back = f", of this date and the {days} before that it looks at" if origin.days_back else ""
    yield f"\nfrom {counted(len(origin.deliveries), 'delivery')}{back}:"
    first = list(origin.deliveries.items())[: len(origin.lines)]
    yield from (f"  {unit}: {counted(count, 'line')}" for unit, count in first)
    head = ["row", "unit", "record", "where", "amount", ""]
    rows = [
        [line.row, line.unit, str(line.record_no), _span(line.byte_start, line.byte_length), line.amount, line.currency]
        for line in origin.lines
    ]
    yield from ["", *in_columns(head, rows, left=2)]
    if sum(origin.deliveries.values()) > len(rows):
        yield f"the first {len(rows):,} are shown; --limit shows more"


def _figure(figure: Figure) -> str:
    equal = "the same" if figure.gold == figure.silver else "NOT the same"
    return (
        f"{figure.column} {shown(figure.gold)} {figure.currency}; behind it {counted(figure.lines, 'line')}, "
        f"{shown(figure.silver)} {figure.currency} in all: {equal}"
    )


def _span(start: int | None, length: int | None) -> str:
    return "unknown" if start is None or length is None else byte_span(start, length)
