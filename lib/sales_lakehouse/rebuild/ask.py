"""What `lakehouse backfill --rebuild` asks of this project: what would differ, and that the next runs do it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.lease import hold
from sales_lakehouse.plan import read_intent
from sales_lakehouse.rebuild.outlook import Told, foresee
from sales_lakehouse.reopened import Rebuild, ask_rebuild, find_rebuild, read_rebuild
from sales_lakehouse.run import Run
from sales_lakehouse.wording import counted, few


def rebuild(values: Mapping[str, Mapping[str, str]], dry_run: bool) -> Told:
    """Tell what would differ if dates were made anew; or ask the next run, whatever its date, to make them anew.

    `values` are the job's parameters by date. Nothing is said for a job that has none of ours. What was asked for
    before and is not done is made anew with it, and told with it.
    Raises: LakehouseError where the dates cannot be made anew, LeaseHeldError while a run goes on; nothing was asked
    then.
    """
    given = next(iter(values.values()), {})
    if not given.get("pipelines_root"):
        return None
    run = _run(given)
    found, before = find_rebuild(run, [*values]), read_rebuild(run)
    if dry_run:
        yield from _before_the_look([*values], found, before)
        return (yield from foresee(run, found.beside(before)))
    keeper = hold(given, run.run_id, os.environ)
    try:
        ask_rebuild(run, found)
    finally:
        if keeper:
            keeper.release()
    dates = [*found.beside(before).dates]
    them = "it" if len(dates) == 1 else "them"
    yield f"{few(dates)}, in one run; until a run has succeeded, each makes {them} anew"
    yield "to give it up: take the change in pipelines/ back, and run"
    return None


def _before_the_look(days: list[str], found: Rebuild, before: Rebuild) -> Iterator[str]:
    if empty := [day for day in days if day not in found.dates]:
        yield f"no data for {few(empty)}: nothing to make anew"
    if before.dates:
        yield f"asked for before and not done, so made anew with it: {few([*before.dates])}"
    yield _units_in_words(found.beside(before))


def _run(given: Mapping[str, str]) -> Run:
    """Return a run that looks at all dates.

    Raises: ParameterError where a rebuild cannot begin.
    """
    root = given.get("lakehouse_root", "")
    if "://" in root or not (Path(root) / "landing").is_dir():
        raise ParameterError(
            f"lakehouse_root {root!r} is no folder in which anything landed; there is nothing to make anew; "
            "`lakehouse run sales_daily` begins"
        )
    run = replace(Run.of({"run_id": "rebuild", **given}), business_date=None)
    if read_intent(run):
        raise ParameterError(
            f"{root}: a run was killed while it promoted several tables; `lakehouse run sales_daily` finishes that, "
            "then dates can be made anew; nothing was asked for"
        )
    return run


def _units_in_words(asked: Rebuild) -> str:
    sources = sorted({source for units in asked.dates.values() for source in units})
    counts = {source: len(asked.units(source)) for source in sources}
    listed = ", ".join(f"{source} {count:,}" for source, count in counts.items())
    return f"judged again: {counted(sum(counts.values()), 'unit')}" + (f" ({listed})" if listed else "")
