"""What a backfill would find for each date, read without Spark: the runner's `lakehouse backfill` shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path

import pyarrow.compute as pc

from sales_lakehouse.deliveries import ASIDE, Delivery, list_deliveries
from sales_lakehouse.delta_rows import read_rows
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.landing.files import discover_files
from sales_lakehouse.reopened import read_rebuild
from sales_lakehouse.run import Run
from sales_lakehouse.specs.files import FilesDelivery

OPEN = ("landed", "recorded")


def foresee(values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Say of each date which units are open, applied or aside, what waits in the inbox, and what gold holds.

    `values` are the job's parameters by date; nothing is said for jobs that have none of ours, or a lakehouse that is
    no folder of this machine.
    Raises: LakehouseError for declarations that are not valid, and for a file in the inbox whose date is unknown.
    """
    given = next(iter(values.values()), {})
    if not given.get("pipelines_root") or "://" in given.get("lakehouse_root", "://"):
        return {}
    run = Run.of({"run_id": "backfill", **given})
    units, waiting, slices = list_deliveries(Path(run.lakehouse_root)), dict(_inbox(run)), dict(_gold(run, values))
    asked = read_rebuild(run).dates
    words = {
        day: [
            *_of_units([one for one in units if one.unit.business_date == day]),
            *_of_files(waiting, day),
            *_of_gold(slices, day),
            *["asked to be made anew by the next run"] * (day in asked),
        ]
        for day in values
    }
    pages = [one for one in units if one.unit.business_date is None and one.state in OPEN]
    if pages:
        words[min(words)].append(f"{_counted(pages)} without a date, which go with the first run")
    return {day: ", ".join(parts) or "nothing known" for day, parts in words.items()}


def _of_units(units: list[Delivery]) -> Iterator[str]:
    for name, states in (("open", OPEN), ("applied", ("applied",)), ("aside", ASIDE)):
        found = [one for one in units if one.state in states]
        if found:
            yield f"{_counted(found)} {name}"


def _counted(units: Collection[Delivery]) -> str:
    sources = ", ".join(f"{source} {count}" for source, count in sorted(Counter(_sources(units)).items()))
    records = [one.counts["found"] for one in units if one.counts.get("found") is not None]
    known = f", {sum(records):,} records" if len(records) == len(units) else ""
    return f"{len(units)} {'unit' if len(units) == 1 else 'units'} ({sources}{known})"


def _sources(units: Collection[Delivery]) -> Iterator[str]:
    return (one.unit.source for one in units)


def _inbox(run: Run) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield each source of files with the number of its files by date that have not landed."""
    store = LandingStore(run.landing_root)
    for name, source in run.pipelines.sources.items():
        if isinstance(source.delivery, FilesDelivery):
            known = store.known_files(name)
            found = (unit for _, unit in discover_files(name, source.delivery, run.inbox_root))
            yield name, Counter(str(unit.business_date) for unit in found if (unit.name, unit.modified_ns) not in known)


def _of_files(waiting: Mapping[str, Mapping[str, int]], day: str) -> Iterator[str]:
    found = {source: counts[day] for source, counts in waiting.items() if counts.get(day)}
    if found:
        total, sources = sum(found.values()), ", ".join(f"{source} {count}" for source, count in found.items())
        yield f"{total} {'file' if total == 1 else 'files'} in the inbox ({sources})"


def _gold(run: Run, days: Collection[str]) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield each gold table with the number of its rows in each of the dates' slices."""
    wanted = [date.fromisoformat(day) for day in days]
    for gold in run.pipelines.gold.values():
        rows = read_rows(
            Path(run.lakehouse_root) / "gold" / gold.table, [gold.slice], pc.field(gold.slice).isin(wanted)
        )
        yield gold.table, Counter(str(row[gold.slice]) for row in rows)


def _of_gold(slices: Mapping[str, Mapping[str, int]], day: str) -> Iterator[str]:
    found = [f"{table} {counts[day]:,}" for table, counts in slices.items() if counts.get(day)]
    if found:
        yield f"gold holds rows: {', '.join(found)}"
