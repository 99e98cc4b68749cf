"""The page over all runs of a target: which there were, how they ended, where their pages are."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from pathlib import Path

from bundle_runner.page import page
from bundle_runner.record import FILE, RunRecord, read_record, seconds_between
from bundle_runner.report import INDEX, write_index
from bundle_runner.states import FAILURES, ResultState

_COLUMNS = ("run", "job", "state", "started (UTC)", "seconds", "failed", "books")


def write_pages(record: RunRecord, folder: Path) -> None:
    """Write the page of a run that has ended, and the page over all runs beside it."""
    write_index(record, folder)
    write_overview(folder.parent)


def write_overview(runs: Path) -> None:
    """Write index.html over all runs in a folder, the newest first."""
    records = [read_record(path.parent) for path in sorted(runs.glob(f"*/{FILE}"), reverse=True)]
    head = "".join(
        f"<th>{name}</th>" for name in ("run", "job", "state", "started (UTC)", "seconds", "failed", "books")
    )
    body = f"<h1>Runs</h1>\n<table><tr>{head}</tr>\n{chr(10).join(_rows(records))}</table>"
    draft = runs / f".{INDEX}.draft"  # two runs of different jobs may end at the same time
    draft.write_text(page("Runs", body), encoding="utf-8")
    draft.replace(runs / INDEX)


def _rows(records: Iterable[RunRecord]) -> Iterator[str]:
    for record in records:
        seconds = f"{seconds_between(record.started_at, record.ended_at):.0f}" if record.ended_at else ""
        failed = [task.task_key for task in record.tasks if task.state in FAILURES - {ResultState.UPSTREAM_FAILED}]
        cells = [
            f'<a href="{_text(record.run_id)}/{INDEX}">{_text(record.run_id)}</a>',
            _text(record.job),
            _text(record.state or "UNFINISHED"),
            _text(record.started_at[:19].replace("T", " ")),
            seconds,
            _text(", ".join(failed)),
            "<br>".join(_text(line) for line in record.books),
        ]
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _text(value: object) -> str:
    return html.escape(str(value))
