"""What the tasks of a run said of gates, records and tables, read from their task values.

The values come from anybody's notebooks: what has another shape than `task` documents is left out, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bundle_runner.record.records import RunRecord, TaskRecord

T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    """What a gate said of one rule of one table; `examples` are rows that break it, as the gate let them be shown."""

    task_key: str
    table: str
    rule: str
    severity: str
    ok: bool
    detail: str
    examples: tuple[dict[str, str], ...]

    @property
    def stops(self) -> bool:
        """Tell whether the rule held the gate shut."""
        return not self.ok and self.severity != "warn"


@dataclass(frozen=True)
class Stream:
    """How many records went from one place of the books to the next."""

    source: str
    target: str
    count: int


@dataclass(frozen=True)
class TableUse:
    """The version of a table that a task read, and the one that it left; None where it did not."""

    task_key: str
    table: str
    read: int | None
    written: int | None


def every_task(tasks: Sequence[TaskRecord]) -> Iterator[TaskRecord]:
    """Yield each task, and after it the iterations of a loop."""
    for task in tasks:
        yield task
        yield from task.iterations


def verdicts(record: RunRecord) -> list[Verdict]:
    """Return what the gates said. Grain: one per task, table and rule."""
    return _read(record, "gates", _verdict)


def streams(record: RunRecord) -> list[Stream]:
    """Return the books as a flow. Grain: one per pair of places, summed over tasks."""
    sums: dict[tuple[str, str], int] = {}
    for stream in _read(record, "flow", _stream):
        pair = (stream.source, stream.target)
        sums[pair] = sums.get(pair, 0) + stream.count
    return [Stream(*pair, count) for pair, count in sums.items()]


def table_uses(record: RunRecord) -> list[TableUse]:
    """Return the versions that were read and written. Grain: one per task and table."""
    return _read(record, "tables", _table_use)


def _read(record: RunRecord, name: str, make: Callable[[str, dict[str, Any]], T | None]) -> list[T]:
    found = ((task.task_key, task.values.get(name)) for task in every_task(record.tasks))
    parts = ((key, part) for key, parts in found if isinstance(parts, list) for part in parts if isinstance(part, dict))
    return [made for key, part in parts if (made := make(key, part)) is not None]


def _verdict(task_key: str, part: dict[str, Any]) -> Verdict | None:
    table, rule, ok = part.get("table"), part.get("rule"), part.get("ok")
    if not (isinstance(table, str) and isinstance(rule, str) and isinstance(ok, bool)):
        return None
    rows = part.get("examples")
    examples = tuple({str(k): str(v) for k, v in row.items()} for row in _list(rows) if isinstance(row, dict))
    severity, detail = str(part.get("severity", "stop")), str(part.get("detail", ""))
    return Verdict(task_key, table, rule, severity, ok, detail, examples)


def _stream(_task_key: str, part: dict[str, Any]) -> Stream | None:
    source, target, count = part.get("from"), part.get("to"), part.get("count")
    if isinstance(source, str) and isinstance(target, str) and type(count) is int and count > 0:
        return Stream(source, target, count)
    return None


def _table_use(task_key: str, part: dict[str, Any]) -> TableUse | None:
    table = part.get("table")
    read, written = (value if type(value := part.get(name)) is int else None for name in ("read", "written"))
    return TableUse(task_key, table, read, written) if isinstance(table, str) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
