"""The page over all runs of a target: which there were, how they ended, where their pages are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bundle_runner.pages.commands import Command, plain
from bundle_runner.pages.frame import write
from bundle_runner.pages.run import INDEX, failures, write_run_page
from bundle_runner.record.records import FILE, RunRecord, read_record
from bundle_runner.record.told import Verdict, verdicts


@dataclass(frozen=True)
class Row:
    """A run in one line; `job` and `day` number what it can be chosen by."""

    run: RunRecord
    job: int
    day: int
    failed: tuple[str, ...]
    records: tuple[tuple[str, int | str], ...]
    rules: tuple[Verdict, ...]

    @property
    def broken(self) -> tuple[Verdict, ...]:
        """Return the rules that did not hold."""
        return tuple(verdict for verdict in self.rules if not verdict.ok)


def write_pages(record: RunRecord, folder: Path, command: Command = plain, again: Sequence[str] = ()) -> None:
    """Write the page of a run that has ended, and the page over all runs beside it."""
    write_run_page(record, folder, command, again)
    write_overview(folder.parent)


def write_overview(runs: Path) -> None:
    """Write index.html over all runs in a folder, the newest first."""
    records = [read_record(path.parent) for path in sorted(runs.glob(f"*/{FILE}"), reverse=True)]
    jobs = sorted({record.job for record in records})
    days = list(dict.fromkeys(record.started_at[:10] for record in records))
    rows = [_row(record, jobs, days) for record in records]
    write(runs / INDEX, "overview.html", rows=rows, jobs=jobs, days=days)


def _row(record: RunRecord, jobs: Sequence[str], days: Sequence[str]) -> Row:
    told = ((task.task_key, task.records) for task in record.tasks)
    return Row(
        run=record,
        job=jobs.index(record.job),
        day=days.index(record.started_at[:10]),
        failed=tuple(task.task_key for task in failures(record.tasks)),
        records=tuple((key, count) for key, count in told if count is not None),
        rules=tuple(verdicts(record)),
    )
