"""`lakehouse check`: what would happen to a delivery, before it is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from sales_lakehouse.commands.declared import (
    bundle_option,
    find_source,
    format_option,
    lakehouse_option,
    lakehouse_root,
    load_declared,
    say,
    told,
)
from sales_lakehouse.rehearsal import Rehearsal, earlier_in_words, next_step, rehearse, share_in_words, stopped_by
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.wording import byte_span, counted

REFUSED = 3
"""Exit code when something of a delivery would be refused."""


@click.command()
@click.argument("source")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@bundle_option
@lakehouse_option
@format_option
@click.pass_context
def check(context: click.Context, /, source: str, files: tuple[Path, ...], form: str, **places: Any) -> None:
    """Tell what would happen to FILEs as deliveries of SOURCE.

    Nothing is written. SOURCE is a name under pipelines/sources or the path of a source file. A record is refused that
    cannot be read, and quarantined where a value or a rule speaks against it. Bytes are counted from 0, in the unpacked
    delivery; the first and the last that are named belong to the record. Each file is held against what has landed
    before, and against the gates as if it came alone. Ends with 3 when something would be refused or quarantined, or
    a gate stop.
    """
    for path in files:
        _must_be_a_file(path)
    pipelines, root = load_declared(places["bundle"]), lakehouse_root(**places)
    spec = find_source(pipelines, source)
    with told():
        table = pipelines.table_of(spec)
        verdicts = [rehearse(path, spec, table) for path in files]
        earlier = [earlier_in_words(root, path, spec, each) for path, each in zip(files, verdicts, strict=True)]
    checked = [Checked(spec, *each) for each in zip(verdicts, earlier, strict=True)]
    if form == "json":
        click.echo(json.dumps([each.facts() for each in checked], indent=1))
    else:
        say("\n".join(line for each in checked for line in each.lines()))
    context.exit(0 if all(verdict.passes for verdict in verdicts) else REFUSED)


def _must_be_a_file(path: Path) -> None:
    if path.is_file():
        return
    inside = next((each for each in sorted(path.iterdir()) if each.is_file()), None) if path.is_dir() else None
    what = "a folder" if path.is_dir() else "no regular file" if path.exists() else "not there"
    hint = f"; give a file in it, like {inside}" if inside else ""
    raise click.UsageError(f"{path} is {what}; expected a delivery; nothing was read{hint}")


@dataclass(frozen=True)
class Checked:
    """A file's verdict, and in words what it would be to the deliveries before it."""

    spec: SourceSpec
    verdict: Rehearsal
    earlier: str

    def facts(self) -> dict[str, Any]:
        """Return all of it for a program."""
        stops = stopped_by(self.verdict, self.spec)
        about = {"source": self.spec.source, "passes": self.verdict.passes}
        return {**about, **asdict(self.verdict), "stopped_by": stops, "earlier": self.earlier}

    def lines(self) -> Iterator[str]:
        """Say it in lines, what to do next in the last."""
        verdict = self.verdict
        yield f"{self.spec.source}, {verdict.file}: {_counts(verdict)}"
        if verdict.business_date or verdict.not_landed:
            yield f"  name     {verdict.not_landed or f'business date {verdict.business_date}'}"
        if self.earlier:
            yield f"  earlier  {self.earlier}"
        if verdict.broken:
            yield f"  unit     would stand in quarantine as a whole: {verdict.broken}"
        else:
            yield f"  columns  {verdict.schema}"
        if not verdict.found and not verdict.not_landed:
            yield f"  records  {_nothing_in(verdict, self.spec)}"
        if verdict.remark:
            yield f"  totals   {verdict.remark}"
        yield from _of_records(verdict)
        if gates := _gates(verdict, self.spec):
            yield f"  gates    {gates}"
        yield f"  next     {next_step(verdict, self.spec)}"


def _of_records(verdict: Rehearsal) -> Iterator[str]:
    for refusal in verdict.examples:
        span = byte_span(refusal.byte_start, refusal.byte_length)
        yield f"  record {refusal.record_no}, {span}: {refusal.kind}: {refusal.reason}"
    more = verdict.found - verdict.kept - len(verdict.examples)
    if more and not verdict.broken:
        yield f"  and {more:,} more"
    if verdict.later and not verdict.broken:
        yield f"  not judged here, only by a run: {', '.join(verdict.later)}"


def _gates(verdict: Rehearsal, spec: SourceSpec) -> str:
    """Say whether a gate would stop the file; nothing of one that would pass whole, or not land."""
    if verdict.passes or verdict.not_landed:
        return ""
    stops = stopped_by(verdict, spec)
    if not stops:
        stops = [f"none: {share_in_words(verdict, spec)}"]
    over = "" if verdict.broken else f"; a share is judged over all records of {spec.source} in a run"
    return f"on its own this file would stop {', '.join(stops)}{over}"


def _nothing_in(verdict: Rehearsal, spec: SourceSpec) -> str:
    if spec.silver.scope.kind == "slice" and verdict.business_date:
        return (
            f"none: it states {verdict.business_date} as empty, so what {spec.source} has of that day goes from silver"
        )
    return "none: nothing would change"


def _counts(verdict: Rehearsal) -> str:
    parts = {"kept": verdict.kept, "refused": verdict.refused, "quarantined": verdict.quarantined}
    told = ", ".join(f"{count:,} {word}" for word, count in parts.items() if count)
    told += f" so far, {counted(len(verdict.later), 'rule')} not judged" if verdict.kept and verdict.later else ""
    return f"{counted(verdict.found, 'record')}: {told}" if told else "no record"
