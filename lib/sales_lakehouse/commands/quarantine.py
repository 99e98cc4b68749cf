"""`lakehouse quarantine`: what stands aside, and how it is given back."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from sales_lakehouse.commands.declared import format_option, must_be_new, say
from sales_lakehouse.commands.places import Place, with_place
from sales_lakehouse.errors import ParameterError
from sales_lakehouse.quarantine import (
    Aside,
    Correction,
    land_repair,
    match_corrections,
    read_form,
    records_aside,
    write_form,
)
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.stages.repairs import NAMED
from sales_lakehouse.wording import byte_span, counted, did_you_mean

_all_option = click.option("--all", "every", is_flag=True, help="Repaired and superseded records, too.")
_SHOWN, _LONGEST = 20, 160
_WAITING = "nothing in it is wrong: the run that brings what it waits for takes it in"


@click.group()
def quarantine() -> None:
    """Show, export and repair the records that stand aside.

    A record stands aside that was refused or broke a rule.
    """


@quarantine.command("list")
@click.option("--source", "name", help="Only this source.")
@click.option("--rule", help="Only records that broke this rule.")
@_all_option
@format_option
@with_place
def list_records(place: Place, name: str | None, rule: str | None, every: bool, form: str) -> None:
    """List the records that stand aside: why, and in which bytes.

    Bytes are counted from 0, in the unpacked delivery; the first and the last that are named belong to the record.
    """
    sources = [place.pipelines.source(name)] if name else [*place.pipelines.sources.values()]
    found = [aside for source in sources for aside in _asides(place, source, every)]
    found = [aside for aside in found if rule in (None, *aside.reasons)]
    if rule and not found:
        _must_be_a_rule(place, sources, rule)
    if form == "json":
        click.echo(json.dumps([asdict(aside) for aside in found], indent=1, ensure_ascii=False))
        return
    for aside in found[:_SHOWN]:
        say(_in_words(aside))
    rest = f", the first {_SHOWN} shown (--format json has all)" if len(found) > _SHOWN else ""
    say(f"{counted(len(found), 'record', 'stand')} aside{rest}")


def _must_be_a_rule(place: Place, sources: list[SourceSpec], name: str) -> None:
    """Refuse the name of no rule: that nothing broke it would say nothing."""
    known = [label for source in sources for label in place.pipelines.labels_of(source)]
    if name not in known:
        raise ParameterError(f"--rule {name}: there is no such rule{did_you_mean(name, known)}")


@quarantine.command()
@click.option("--source", "name", required=True, help="The source whose records are exported.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default: the screen.")
@click.option("--spreadsheet", is_flag=True, help="Safe to open in Excel or LibreOffice: no cell is a live formula.")
@click.option("--all", "every", is_flag=True, help="Waiting, repaired and superseded records, too.")
@with_place
def export(place: Place, name: str, out: Path | None, spreadsheet: bool, every: bool) -> None:
    """Write the open records of a source as CSV, to be corrected.

    Correct the values, then `lakehouse quarantine repair FILE`. Records that only wait for the entity that they name
    are left out, as nothing in them is wrong; --all has them.
    """
    if out:
        must_be_new(out)
    found = _asides(place, place.pipelines.source(name), every)
    asides = [aside for aside in found if every or aside.state != "waiting"]
    content = write_form(asides, spreadsheet)
    if waiting := len(found) - len(asides):
        click.echo(
            f"{counted(waiting, 'record', 'are')} left out: nothing is wrong but that what they name is not there yet; "
            "--all writes them, too",
            err=True,
        )
    if out is None:
        sys.stdout.buffer.write(content)
        return
    out.write_bytes(content)
    say(f"{counted(len(asides), 'record')} in {out}; correct values, then: lakehouse quarantine repair {out}")


@quarantine.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--dry-run", is_flag=True, help="Judge the corrected records with Spark and show the verdict; no landing."
)
@click.option(
    "--revalidate", is_flag=True, help="Take lines whose values are unchanged, too: today's rules judge them."
)
@with_place
def repair(place: Place, file: Path, dry_run: bool, revalidate: bool) -> None:
    """Give corrected records back.

    They land as a delivery that stands in for the records they name.
    """
    lines = read_form(file.read_bytes(), file.name)
    source = _source_of(place, lines[0][NAMED[0]] or "" if lines else "", file.name)
    found = match_corrections(lines, _asides(place, source), source, file.name)
    corrections = [each for each in found if each.changed or revalidate]
    if not corrections:
        raise ParameterError(
            f"{file.name}: none of its {counted(len(found), 'record')} differs from what was delivered; nothing was "
            "landed; correct a value, or give --revalidate to have the records judged by today's rules"
        )
    same = len(found) - len(corrections)
    if dry_run:
        _rehearse(place, source, corrections, same)
        return
    unit = land_repair(place.landing, source.source, corrections, file.name, datetime.now(UTC))
    if unit is None:
        click.echo(f"{source.source}: these corrections have landed before; nothing is new")
        return
    told = f"; {counted(same, 'record', 'were')} unchanged and stayed aside" if same else ""
    say(
        f"{source.source}: {counted(len(corrections), 'corrected record')} landed as unit {unit.unit_id[:12]}{told}; "
        "next: lakehouse run sales_daily"
    )


def _rehearse(place: Place, source: SourceSpec, corrections: Sequence[Correction], same: int) -> None:
    from sales_lakehouse.rehearsal.repairs import rehearse_repair
    from sales_lakehouse.session import get_spark
    from sales_lakehouse.tables import Lakehouse

    lakehouse = Lakehouse(get_spark(), str(place.root), "rehearsal")
    verdicts = rehearse_repair(lakehouse, place.landing, place.pipelines, source, corrections)
    for correction, broken in zip(corrections, verdicts, strict=True):
        waits = " (it would wait: what it names is not there yet)" if source.silver.only_waits(broken) else ""
        verdict = f"stays aside: {', '.join(broken)}{waits}" if broken else "would be accepted"
        changed = ", ".join(correction.changed) or "nothing"
        click.echo(f"{_where(correction.aside)}: {verdict} (changed: {changed})")
    good = sum(not broken for broken in verdicts)
    unchanged = f"; {counted(same, 'record', 'are')} unchanged and would stay aside" if same else ""
    click.echo(
        f"dry run: {good:,} of {counted(len(corrections), 'record')} would be accepted{unchanged}; nothing was landed"
    )
    if good < len(corrections):
        raise click.exceptions.Exit(3)


def _asides(place: Place, source: SourceSpec, every: bool = False) -> list[Aside]:
    found = records_aside(place.root, source)
    return [aside for aside in found if every or aside.state in ("open", "waiting")]


def _source_of(place: Place, unit_id: str, name: str) -> SourceSpec:
    for source in place.pipelines.sources.values():
        if any(unit.unit_id == unit_id for unit in place.landing.manifests(source.source)):
            return source
    raise ParameterError(
        f"{name}: no source has delivered the unit {unit_id[:12] or '(none)'} that its first record names; nothing was "
        "landed; correct a file that `lakehouse quarantine export` has written for this lakehouse"
    )


def _in_words(aside: Aside) -> str:
    text = aside.raw if aside.raw is not None else ", ".join(f"{k}={v}" for k, v in aside.values.items())
    told = f"{_where(aside)}, {byte_span(aside.byte_start, aside.byte_length)}{_state_in_words(aside)}"
    return f"{told}: {'; '.join(aside.reasons)}\n    {text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…'}"


def _state_in_words(aside: Aside) -> str:
    """Say what became of the record since; of a repair, which record it was to stand in for."""
    by = f"unit {aside.by[:12]}" if aside.by else ""
    told = {
        "open": "",
        "waiting": f" [{_WAITING}]",
        "repaired": f" [repaired by {by}]",
        "repair_failed": f" [given back by {by}, which is wrong again]",
        "superseded": " [superseded by a later delivery]",
    }
    mends = f" [a repair of record {aside.mends[1]} of unit {aside.mends[0][:12]}]" if aside.mends else ""
    return mends + told[aside.state]


def _where(aside: Aside) -> str:
    return f"{aside.source}, {aside.unit_name[:60]} (unit {aside.unit_id[:12]}), record {aside.record_no}"
