"""`lakehouse check`: what would happen to a delivery, before it is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from sales_lakehouse.commands.declared import bundle_option, find_source, format_option, load_declared, say, told
from sales_lakehouse.rehearsal import Rehearsal, next_step, rehearse
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.wording import byte_span, counted

REFUSED = 3
"""Exit code when something of a delivery would be refused."""


@click.command()
@click.argument("source")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@bundle_option
@format_option
@click.pass_context
def check(context: click.Context, source: str, files: tuple[Path, ...], bundle: Path, form: str) -> None:
    """Tell what would happen to FILEs as deliveries of SOURCE.

    Nothing is written. SOURCE is a name under pipelines/sources or the path of a source file. A record is refused that
    cannot be read, and quarantined where a value or a rule speaks against it. Bytes are counted from 0, in the unpacked
    delivery; the first and the last that are named belong to the record. Ends with 3 when something would be refused
    or quarantined.
    """
    for path in files:
        _must_be_a_file(path)
    pipelines = load_declared(bundle)
    spec = find_source(pipelines, source)
    with told():
        table = pipelines.table_of(spec)
        verdicts = [rehearse(path, spec, table) for path in files]
    if form == "json":
        click.echo(json.dumps([{"source": spec.source, "passes": v.passes, **asdict(v)} for v in verdicts], indent=1))
    else:
        say("\n".join(line for verdict in verdicts for line in _lines(verdict, spec)))
    context.exit(0 if all(verdict.passes for verdict in verdicts) else REFUSED)


def _must_be_a_file(path: Path) -> None:
    if path.is_file():
        return
    inside = next((each for each in sorted(path.iterdir()) if each.is_file()), None) if path.is_dir() else None
    what = "a folder" if path.is_dir() else "no regular file" if path.exists() else "not there"
    hint = f"; give a file in it, like {inside}" if inside else ""
    raise click.UsageError(f"{path} is {what}; expected a delivery; nothing was read{hint}")


def _lines(verdict: Rehearsal, spec: SourceSpec) -> Iterator[str]:
    yield f"{spec.source}, {verdict.file}: {_counts(verdict)}"
    if verdict.business_date or verdict.not_landed:
        yield f"  name     {verdict.not_landed or f'business date {verdict.business_date}'}"
    if verdict.broken:
        yield f"  unit     would stand in quarantine as a whole: {verdict.broken}"
    else:
        yield f"  columns  {verdict.schema}"
    if verdict.remark:
        yield f"  totals   {verdict.remark}"
    for refusal in verdict.examples:
        span = byte_span(refusal.byte_start, refusal.byte_length)
        yield f"  record {refusal.record_no}, {span}: {refusal.kind}: {refusal.reason}"
    more = verdict.found - verdict.kept - len(verdict.examples)
    if more and not verdict.broken:
        yield f"  and {more:,} more"
    if verdict.later and not verdict.broken:
        yield f"  not judged here, only by a run: {', '.join(verdict.later)}"
    yield f"  next     {next_step(verdict, spec)}"


def _counts(verdict: Rehearsal) -> str:
    parts = {"kept": verdict.kept, "refused": verdict.refused, "quarantined": verdict.quarantined}
    told = ", ".join(f"{count:,} {word}" for word, count in parts.items() if count)
    told += f" so far, {counted(len(verdict.later), 'rule')} not judged" if verdict.kept and verdict.later else ""
    return f"{counted(verdict.found, 'record')}: {told}" if told else "no record"
