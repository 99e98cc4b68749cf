"""`lakehouse units`: whole deliveries, their state, and what people decide about them."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from dataclasses import asdict
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
from sales_lakehouse.deliveries import STATES, Delivery, find_delivery, list_deliveries
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.landing.decisions import Decision, decide
from sales_lakehouse.lease import writing
from sales_lakehouse.rehearsal import foretell_release
from sales_lakehouse.wording import counted

_BECAUSE = "The reason, kept beside the unit and shown in reports."
Command = Callable[..., Any]


@click.group()
def units() -> None:
    """List deliveries, show one, hold, release or refuse one.

    UNIT is a unit's id or its beginning; SOURCE/UNIT where two sources delivered the same bytes. Nothing is decided
    while a run goes on, which may have read the unit already: such a command ends with 4.
    """


@units.command("list")
@click.option("--source", help="Only units of this source.")
@click.option("--state", type=click.Choice(STATES), help="Only units in this state.")
@bundle_option
@lakehouse_option
@format_option
def list_units(source: str | None, state: str | None, bundle: Path, lakehouse: Path | None, form: str) -> None:
    """List deliveries, newest first.

    landed: bronze has not read it; recorded: read, and not applied yet; applied: its rows are published; quarantined:
    it stands aside as a whole; held, refused: by somebody's word; corrected: it stood aside, and a later delivery of
    its name has taken its place.
    """
    everything = list_deliveries(lakehouse_root(bundle, lakehouse))
    if source and all(one.unit.source != source for one in everything):
        find_source(load_declared(bundle), source)
    found = [one for one in everything if source in (None, one.unit.source) and state in (None, one.state)]
    if form == "json":
        click.echo(json.dumps([one.facts() for one in found], indent=1))
        return
    for one in found:
        say(_line(one))
    if not found:
        click.echo("no unit")


@units.command()
@click.argument("unit")
@bundle_option
@lakehouse_option
@format_option
def show(unit: str, bundle: Path, lakehouse: Path | None, form: str) -> None:
    """Show what landed, what bronze counted, and who decided what."""
    root = lakehouse_root(bundle, lakehouse)
    with told():
        found = find_delivery(root, unit)
    decisions = [asdict(decision) for decision in found.decisions]
    place = {"landed_as": f"{LandingStore(root / 'landing').content_path(found.unit)}"}
    facts = {**asdict(found.unit), **place, **found.facts()}
    if form == "json":
        click.echo(json.dumps({**facts, "decisions": decisions}, indent=1))
        return
    for name, value in facts.items():
        if value or value == 0:
            click.echo(f"{name:<14} {value}")
    for decision in decisions:
        click.echo(f"{decision['word']:<14} by {decision['by']} at {decision['at']} {decision['because']}".rstrip())


def _deciding(command: Command) -> Command:
    """Give a command what every decision needs."""
    by = click.option("--by", default=getpass.getuser, help="Who decides. Default: the user of this machine.")
    return click.argument("unit")(by(bundle_option(lakehouse_option(command))))


@units.command()
@_deciding
@click.option("--because", default="", help=_BECAUSE)
def hold(**decision: Any) -> None:
    """Keep a unit out of every run until it is released."""
    _decide("hold", **decision)


@units.command()
@_deciding
@click.option("--because", default="", help=_BECAUSE)
def release(**decision: Any) -> None:
    """Make a held, quarantined or refused unit work again.

    Bronze reads a quarantined one anew, under today's source file; how it would judge it is told at once.
    """
    _decide("release", **decision)


@units.command()
@_deciding
@click.option("--because", required=True, help=_BECAUSE)
def refuse(**decision: Any) -> None:
    """Set a unit aside for good; its bytes stay."""
    _decide("refuse", **decision)


def _decide(word: str, unit: str, by: str, because: str, **place: Any) -> None:
    root = lakehouse_root(**place).resolve()
    store = LandingStore(root / "landing")
    pipelines = load_declared(place["bundle"]) if word == "release" else None
    with told():
        found = find_delivery(root, unit)
        with writing(str(root), f"units-{word}"):
            decide(store, found.unit, Decision.now(word, by, because))
        click.echo(_line(find_delivery(root, f"{found.unit.source}/{found.unit.unit_id}")))
        say(foretell_release(store, found.unit, pipelines) if pipelines else f"no run takes it {_until(found, word)}")


def _until(found: Delivery, word: str) -> str:
    release = f"`lakehouse units release {found.unit.unit_id[:12]}`"
    return f"until {release}" if word == "hold" else f"any more; its bytes stay, and {release} makes it work again"


def _line(one: Delivery) -> str:
    counts = f", {one.counts['kept']:,} of {counted(one.counts['found'], 'record')} kept" if one.counts["found"] else ""
    reason = f": {one.reason}" if one.reason else ""
    return f"{one.unit.unit_id[:12]}  {one.state:<11} {one.unit.source}, {one.unit.name}{counts}{reason}"
