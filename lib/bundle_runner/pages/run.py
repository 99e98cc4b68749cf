"""The page of a run: what it was to do, what it did, what stopped it, and where the evidence is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bundle_runner.pages.commands import Command, plain, with_commands
from bundle_runner.pages.flow import draw_flow
from bundle_runner.pages.frame import write
from bundle_runner.pages.graph import draw_graph
from bundle_runner.pages.timeline import draw_timeline
from bundle_runner.record.records import RunRecord, TaskRecord
from bundle_runner.record.told import TableUse, Verdict, every_task, streams, table_uses, verdicts
from bundle_runner.states import CANCELS, FAILURES, ResultState

INDEX = "index.html"


@dataclass(frozen=True)
class Gate:
    """What one task judged: the broken rules first."""

    task_key: str
    verdicts: tuple[Verdict, ...]

    @property
    def held(self) -> list[Verdict]:
        """Return the rules that hold."""
        return [verdict for verdict in self.verdicts if verdict.ok]

    @property
    def broken(self) -> list[Verdict]:
        """Return the others."""
        return [verdict for verdict in self.verdicts if not verdict.ok]


@dataclass(frozen=True)
class TableRow:
    """A table with the versions that were read and left, and by which tasks."""

    table: str
    read: Mapping[int, list[str]]
    written: Mapping[int, list[str]]


def write_run_page(record: RunRecord, folder: Path, command: Command = plain, again: Sequence[str] = ()) -> None:
    """Write index.html of a run into its folder.

    `command` writes the commands on it; `again` are the words that started the run, where they are known.
    """
    write(
        folder / INDEX,
        "run.html",
        run=record,
        failures=list(failures(record.tasks)),
        next_step=command(folder.parent, *words) if (words := _next_words(record, again)) else "",
        told=lambda text: with_commands(str(text), folder.parent, command),
        next_steps=_next_steps,
        graph=draw_graph(record.tasks),
        timeline=draw_timeline(record),
        streams=streams(record),
        flow=draw_flow(streams(record)),
        gates=gates(record),
        tables=_tables(record),
        tasks=list(every_task(record.tasks)),
    )


def failures(tasks: Sequence[TaskRecord]) -> Iterator[TaskRecord]:
    """Yield what failed or was canceled by itself: of a loop its iterations, of the others not what hung on them."""
    for task in tasks:
        inner = list(failures(task.iterations))
        yield from inner
        own = task.state in FAILURES | CANCELS and task.state is not ResultState.UPSTREAM_FAILED
        if own and not inner and task.started_at:
            yield task


def gates(record: RunRecord) -> list[Gate]:
    """Return the gates in the order of the tasks."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts(record):
        found.setdefault(verdict.task_key, []).append(verdict)
    return [Gate(key, tuple(sorted(said, key=lambda verdict: not verdict.stops))) for key, said in found.items()]


def _tables(record: RunRecord) -> list[TableRow]:
    found: dict[str, list[TableUse]] = {}
    for use in table_uses(record):
        found.setdefault(use.table, []).append(use)
    return [
        TableRow(
            table,
            _by_version((use.read, use.task_key) for use in uses),
            _by_version((use.written, use.task_key) for use in uses),
        )
        for table, uses in sorted(found.items())
    ]


def _by_version(uses: Iterable[tuple[int | None, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for version, task_key in uses:
        if version is not None:
            found.setdefault(version, []).append(task_key)
    return found


def _next_steps(task: TaskRecord) -> list[str]:
    """Return what the task said is to do where it fails."""
    steps = task.values.get("next", [])
    return [str(step) for step in (steps if isinstance(steps, list) else [steps])]


def _next_words(record: RunRecord, again: Sequence[str]) -> Sequence[str]:
    """Return the command that goes on, as the last lines on the screen name it."""
    if record.state is None or record.exit_code in (1, 130):
        return ["repair", record.run_id]
    return (again or ["run", record.job]) if record.exit_code else []
