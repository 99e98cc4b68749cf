"""`lakehouse land`: the landing step alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from sales_lakehouse.commands.declared import bundle_option, format_option, is_path, lakehouse_option, say, told
from sales_lakehouse.commands.stepping import connection_option, must_be_finished, run_by_hand
from sales_lakehouse.landing import Landed, Manifest, land_source
from sales_lakehouse.rest import ProgressPrinter
from sales_lakehouse.run import Run
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.wording import counted

_SHOWN = 20


@click.command()
@click.argument("source")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Only files of this business date.")
@connection_option
@bundle_option
@lakehouse_option
@format_option
def land(source: str, day: datetime | None, form: str, **where: Any) -> None:
    """Land what SOURCE delivers now, and nothing else.

    Files of the inbox, or the pages of an API, are kept byte for byte beside a manifest; what landed before is only
    noted. The next run takes what is new. No lease is needed, and no Spark starts. Ends with 1 when the source cannot
    be read completely; what landed before stays.
    """
    if is_path(source):
        raise click.UsageError(
            f"{source} is the path of a source file; a run takes only what the sources under pipelines/sources "
            "delivered, so nothing was landed; put it there and give its name"
        )
    run = run_by_hand(**where, day=day)
    with told():
        spec = run.pipelines.source(source)
        must_be_finished(run, source)
        _must_have_dates(spec, day)
        landed = land_source(run, spec, ProgressPrinter() if form == "text" else None)
    if form == "json":
        units = [asdict(unit) for unit in landed.new]
        click.echo(json.dumps({"source": source, "new": units, "seen": landed.seen, "remark": landed.remark}, indent=1))
    else:
        say("\n".join(_lines(run, spec, landed)))


def _must_have_dates(spec: SourceSpec, day: datetime | None) -> None:
    if day and spec.delivery.kind == "rest":
        raise click.UsageError(
            f"{spec.source} is an API, whose pages belong to no date; nothing was asked; leave --date out"
        )


def _lines(run: Run, spec: SourceSpec, landed: Landed) -> Iterator[str]:
    yield f"{spec.source}: {landed.in_words()}"
    for unit in landed.new[:_SHOWN]:
        yield f"  {_in_words(unit)}"
    if len(landed.new) > _SHOWN:
        yield f"  and {counted(len(landed.new) - _SHOWN, 'unit')} more: `lakehouse units list --source {spec.source}`"
    if landed.new:
        yield "next: `lakehouse run sales_daily`"
    elif not landed.seen:
        yield _nothing(run, spec)


def _in_words(unit: Manifest) -> str:
    corrects = f", corrects unit {unit.corrects[:12]}" if unit.corrects else ""
    return f"{unit.unit_id[:12]}  {unit.name}, {counted(unit.size_bytes, 'byte')}{corrects}"


def _nothing(run: Run, spec: SourceSpec) -> str:
    if spec.delivery.kind == "rest":
        return "the API has no record that is new"
    of_date = f" of {run.business_date}" if run.business_date else ""
    return f"no finished file{of_date} lies in {run.inbox_root / spec.source}"
