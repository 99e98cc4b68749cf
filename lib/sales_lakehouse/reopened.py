"""Applied units that are judged again: those of dates that are made anew, and those that waited for an entity.

What is asked for stands in `ops/rebuild.json` until a run has done it, whatever happens in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow.compute as pc

from sales_lakehouse.delta_rows import read_rows
from sales_lakehouse.files import read_json, write_json
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.run import Run
from sales_lakehouse.specs import SilverSpec

Units = Mapping[str, Collection[str]]
"""The ids of units by source."""
_UNKNOWN = ""
"""Stands for the date of a row whose date nobody could read."""


@dataclass(frozen=True)
class Rebuild:
    """The dates to make anew, each with the applied units that are judged again for it.

    An API page has no date of its own: it is judged whole for every date of which it brought something. `waiting` are
    units whose records named an entity that has come now.
    """

    dates: Mapping[str, Units]
    waiting: Units = field(default_factory=dict)

    def units(self, source: str) -> set[str]:
        """Return the ids of a source's units."""
        return {unit_id for units in (*self.dates.values(), self.waiting) for unit_id in units.get(source, ())}

    def beside(self, before: Rebuild) -> Rebuild:
        """Return this together with what was asked for before."""
        return Rebuild({**before.dates, **self.dates}, before.waiting)


def read_rebuild(run: Run) -> Rebuild:
    """Return what is asked for and not done yet.

    A run takes it all, whichever date it asks for: a gate judges a table as a whole, so rows of one date that break a
    new rule would hold the others up.
    """
    return Rebuild(**read_json(_path(run))) if _path(run).exists() else Rebuild({})


def ask_rebuild(run: Run, rebuild: Rebuild) -> None:
    """Ask the next runs to make dates anew, beside those that were asked for before.

    Whoever asks holds the lease: a run plans in each of its steps, and each must find the same.
    """
    _write(run, rebuild.beside(read_rebuild(run)))


def reopen_waiting(run: Run, arriving: Collection[str]) -> Units:
    """Have the units judged again whose records wait for an entity of a dimension that these sources fill.

    Returns those units. The run that brings the dimension calls it, before it judges.
    """
    filled = {run.pipelines.source(name).silver.table for name in arriving}
    waiting: dict[str, list[str]] = {}
    for name, source in run.pipelines.sources.items():
        table = run.pipelines.table_of(source)
        held = source.silver.held_rules.items()
        rules = {rule for rule, column in held if table.dimension_of(column) in filled}
        if rules:
            asked = pc.field("source") == name
            rows = read_rows(Path(run.lakehouse_root) / "quarantine" / table.table, ["_unit_id", "_errors"], asked)
            waiting[name] = sorted({row["_unit_id"] for row in rows if not rules.isdisjoint(row["_errors"])})
    waiting = {name: units for name, units in waiting.items() if units}
    if waiting:
        before = read_rebuild(run)
        both = {name: {*before.waiting.get(name, ()), *waiting.get(name, ())} for name in (*before.waiting, *waiting)}
        _write(run, Rebuild(before.dates, {name: sorted(units) for name, units in both.items()}))
    return waiting


def end_rebuild(run: Run, applied: Collection[str]) -> None:
    """Note what is done: the dates whose units this run has applied again, and the units that waited."""
    asked, done = read_rebuild(run), {*applied}
    dates = {day: units for day, units in asked.dates.items() if not done.issuperset(_still_applied(run, units))}
    waiting = {name: sorted({*_still_applied(run, {name: units})} - done) for name, units in asked.waiting.items()}
    _write(run, Rebuild(dates, {name: units for name, units in waiting.items() if units}))


def _write(run: Run, rebuild: Rebuild) -> None:
    if rebuild.dates or rebuild.waiting:
        write_json(_path(run), asdict(rebuild))
    else:
        _path(run).unlink(missing_ok=True)


def find_rebuild(run: Run, days: Sequence[str]) -> Rebuild:
    """Find the applied units of dates.

    A file is of its date. A page is of every date that its rows in silver and quarantine carry, with the date of an
    entity's version that from which it holds; one whose date nobody could read is of all. Pages that restated what
    silver held left no row: those that came since go along, as they may tell what only today's mapping reads. Dates of
    which nothing was applied are left out.
    """
    root, store = Path(run.lakehouse_root), LandingStore(run.landing_root)
    tables = {source.silver.table for source in run.pipelines.sources.values()}
    dates_of = {table: _dates_of_units(root, run.pipelines.silver[table], days) for table in tables}
    restated = _restated(root)
    found: dict[str, dict[str, list[str]]] = {day: {} for day in days}
    for name, source in run.pipelines.sources.items():
        applied = [unit for unit in store.manifests(name) if store.state(unit) == "applied"]
        for day in days:
            if of_day := [*_of_date(applied, day, dates_of[source.silver.table], restated)]:
                found[day][name] = of_day
    return Rebuild({day: units for day, units in found.items() if units})


def _of_date(
    units: Sequence[Manifest], day: str, dates: Mapping[str, set[str]], restated: Collection[str]
) -> Iterator[str]:
    """Yield the ids of a source's units that are judged again for a date, in the order of their arrival."""
    began = False
    for unit in units:
        days = {unit.business_date} if unit.business_date else dates.get(unit.unit_id, set())
        carries = not days.isdisjoint((day, _UNKNOWN))
        began = began or carries
        if carries or (began and not unit.business_date and unit.unit_id in restated):
            yield unit.unit_id


def _dates_of_units(root: Path, table: SilverSpec, days: Sequence[str]) -> dict[str, set[str]]:
    """Return the dates within a range of the rows that each unit has in a silver table or its quarantine.

    Rows of a table that has neither slice nor history are of all dates.
    """
    column = table.slice or (table.history.valid_from if table.history else None)
    asked = _dated(column, days, is_date=bool(table.slice)) if column else None
    dates: dict[str, set[str]] = {}
    for layer in ("silver", "quarantine"):
        for row in read_rows(root / layer / table.table, [name for name in ("_unit_id", column) if name], asked):
            dates.setdefault(row["_unit_id"], set()).add(str(row[column] or _UNKNOWN)[:10] if column else _UNKNOWN)
    return dates


def _dated(column: str, days: Sequence[str], is_date: bool) -> pc.Expression:
    first, after = date.fromisoformat(min(days)), date.fromisoformat(max(days)) + timedelta(days=1)
    begin, end = (first, after) if is_date else (_midnight(first), _midnight(after))
    return ((pc.field(column) >= begin) & (pc.field(column) < end)) | pc.field(column).is_null()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _restated(root: Path) -> set[str]:
    """Return the units of which something said what silver held already."""
    rows = read_rows(root / "ops" / "balances", ["unit_id"], pc.field("disposition") == "unchanged")
    return {row["unit_id"] for row in rows}


def _still_applied(run: Run, units: Units) -> Iterator[str]:
    """Yield the ids of units that nobody has set aside since they were asked for."""
    store = LandingStore(run.landing_root)
    for source, ids in units.items():
        yield from (
            unit.unit_id for unit in store.manifests(source) if unit.unit_id in ids and store.state(unit) == "applied"
        )


def _path(run: Run) -> Path:
    return Path(run.lakehouse_root) / "ops" / "rebuild.json"
