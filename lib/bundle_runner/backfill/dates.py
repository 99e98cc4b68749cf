"""Plan a backfill: one run of a job for each date of a range, less those that have succeeded."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bundle_runner.bundle.references import paths
from bundle_runner.errors import ParameterError, UsageError, did_you_mean
from bundle_runner.model import Job
from bundle_runner.record.occasion import Occasion
from bundle_runner.record.records import RunRecord, written

TAG = "backfill_parameter"


@dataclass(frozen=True)
class Wish:
    """What a backfill is asked for. `parameter` takes the date, None where the job's own defaults refer to it.

    `rebuild` has the project make all dates anew in one run, however often they have succeeded.
    """

    job: str
    first: date
    last: date
    parameter: str | None
    given: Mapping[str, str]
    only: tuple[str, ...] = ()
    rebuild: bool = False

    @property
    def dates(self) -> list[date]:
        """Return every date of the range, in order."""
        return [self.first + timedelta(days) for days in range((self.last - self.first).days + 1)]

    @property
    def name(self) -> str:
        """Return what all backfills of this wish are called, whenever they are asked for."""
        return f"{self.job}-{self.first:%Y%m%d}-{self.last:%Y%m%d}-{self._digest}"

    @property
    def _digest(self) -> str:
        said = json.dumps([self.parameter, sorted(self.given.items()), self.only, *["rebuild"] * self.rebuild])
        return hashlib.sha256(said.encode()).hexdigest()[:6]

    def asks_the_same_as(self, backfill: str) -> bool:
        """Tell whether a backfill of this id ran the job in the same way, for whatever range."""
        shape = rf"{re.escape(self.job)}-\d{{8}}-\d{{8}}-{self._digest}(\.\d+)?"
        return re.fullmatch(shape, backfill) is not None

    def values(self, day: date) -> dict[str, str]:
        """Return the parameters that the run of a date is given."""
        return {**self.given, **({self.parameter: day.isoformat()} if self.parameter else {})}


@dataclass(frozen=True)
class Backfill:
    """A backfill that can begin or go on: its id, and the last run of each date, None where there was none."""

    wish: Wish
    id: str
    runs: Mapping[date, RunRecord | None]

    @property
    def open(self) -> list[date]:
        """Return the dates that have not succeeded."""
        return [day for day, run in self.runs.items() if run is None or run.exit_code != 0]

    def occasion(self, day: date) -> Occasion:
        """Return what the run of a date is told of the backfill."""
        return Occasion(backfill=self.id, backfill_at=written(datetime.combine(day, time(), UTC)))

    def state(self, day: date) -> str:
        """Say what became of a date."""
        run = self.runs[day]
        if run is None:
            return "to run"
        if run.exit_code == 0:
            return f"succeeded in run {run.run_id}"
        return f"to run again: run {run.run_id} ended {run.state or 'UNFINISHED'}"


def plan_backfill(wish: Wish, records: Iterable[RunRecord], again: bool) -> Backfill:
    """Find the dates that this wish has open; `again` opens all, under a new id, and so does a rebuild.

    The runs of earlier calls are known by the id that they share, which the wish alone gives. What another range ran
    in the same way counts, too, until all are opened again.
    """
    again = again or wish.rebuild
    alike = [record for record in records if wish.asks_the_same_as(record.occasion.backfill or "")]
    mine = [record for record in alike if (record.occasion.backfill or "").partition(".")[0] == wish.name]
    rounds = [int((record.occasion.backfill or "").partition(".")[2] or 1) for record in mine]
    number = max(rounds, default=1 if alike or not again else 0) + again
    found = wish.name if number == 1 else f"{wish.name}.{number}"
    last: dict[date, RunRecord] = {}
    for record in sorted(alike, key=lambda record: (record.started_at, record.run_id)):
        counts = number == 1 and record not in mine
        if (counts or record.occasion.backfill == found) and record.occasion.backfill_at:
            last[datetime.fromisoformat(record.occasion.backfill_at).date()] = record
    return Backfill(wish, found, {day: last.get(day) for day in wish.dates})


def date_range(first: date, last: date) -> tuple[date, date]:
    """Return the range.

    Raises: UsageError when it goes back.
    """
    if last < first:
        raise UsageError(f"--from {first} --to {last}: the range goes back; nothing was started")
    return first, last


def date_parameter(key: str, job: Job, said: str | None, given: Mapping[str, str]) -> str | None:
    """Return which parameter takes the date, None where defaults of the job refer to `{{backfill.…}}` themselves.

    It is said, or the job names it in its tag `backfill_parameter`.
    Raises: ParameterError when nothing takes the date, or the date and a given value want the same parameter.
    """
    declared = {parameter.name: parameter.default for parameter in job.parameters}
    chosen = said or job.tags.get(TAG)
    if chosen is None and any(path[0] == "backfill" for text in declared.values() for path in paths(text)):
        return None
    if chosen is None:
        known = f"it has {', '.join(declared)}" if declared else "it has none"
        raise ParameterError(
            f"job {key}: which parameter takes the date? Say --param NAME ({known}), or name it in the job: "
            f"tags: {{{TAG}: NAME}}; nothing was started"
        )
    if chosen not in declared:
        by = "--param" if said else f"tag {TAG}"
        hint = did_you_mean(chosen, declared)
        raise ParameterError(f"{by} {chosen}: job {key} has no such parameter{hint}; nothing was started")
    if chosen in given:
        raise ParameterError(
            f"--params {chosen}: that parameter takes the dates of the backfill; leave it out; nothing was started"
        )
    return chosen
