"""Two runs side by side: what is the same, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bundle_runner.record.records import RunRecord
from bundle_runner.record.told import every_task, streams, table_uses, verdicts

Figure = str | int | float | None


@dataclass(frozen=True)
class Change:
    """One figure of both runs; None where a run does not have it."""

    name: str
    before: Figure
    after: Figure

    @property
    def changed(self) -> bool:
        """Tell whether the runs differ in it."""
        return self.before != self.after


@dataclass(frozen=True)
class Comparison:
    """What two runs have to say, by kind of figure; each figure of either run stands in it once."""

    before: RunRecord
    after: RunRecord
    parts: Mapping[str, tuple[Change, ...]]

    @property
    def changes(self) -> Iterator[tuple[str, Change]]:
        """Yield what differs, with its kind; how long something took always does."""
        for kind, rows in self.parts.items():
            yield from ((kind, row) for row in rows if row.changed and kind != "seconds")


def compare(before: RunRecord, after: RunRecord) -> Comparison:
    """Hold two runs against each other."""
    both = [_figures(before), _figures(after)]
    return Comparison(before, after, {kind: _paired(both[0][kind], both[1][kind]) for kind in both[0]})


def _figures(record: RunRecord) -> dict[str, dict[str, Figure]]:
    tasks = list(every_task(record.tasks))
    return {
        "parameters": {**record.parameters},
        "states": {"the run": _text(record.state), **{task.task_key: _text(task.state) for task in tasks}},
        "seconds": {"the run": record.seconds, **{task.task_key: task.seconds for task in tasks if task.started_at}},
        "records": {task.task_key: task.records for task in tasks if task.records is not None},
        "rules": {f"{v.table}: {v.rule}": "holds" if v.ok else v.detail or "broken" for v in verdicts(record)},
        "tables": {use.table: use.written for use in table_uses(record) if use.written is not None},
        "flow": {f"{stream.source} → {stream.target}": stream.count for stream in streams(record)},
        "attempts": {task.task_key: len(task.attempts) for task in tasks if task.attempts},
    }


def _text(value: object) -> str:
    return str(value) if value else "UNFINISHED"


def _paired(before: Mapping[str, Figure], after: Mapping[str, Figure]) -> tuple[Change, ...]:
    return tuple(Change(name, before.get(name), after.get(name)) for name in {**before, **after})
