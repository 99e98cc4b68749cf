"""Keep what a run leaves for programs in step with it: run.json, events.jsonl, openlineage.jsonl, emf.jsonl."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

from bundle_runner.bundle.load import Bundle
from bundle_runner.errors import UsageError
from bundle_runner.record.emf import metric_lines
from bundle_runner.record.events import Event, Happened, as_dead, ends_of, events_between, first_event
from bundle_runner.record.lineage import lineage_of
from bundle_runner.record.lineage_sender import Sender
from bundle_runner.record.records import RunRecord, TaskRecord, keep, read_record, write_record
from bundle_runner.states import ResultState

EVENTS, LINEAGE, METRICS = "events.jsonl", "openlineage.jsonl", "emf.jsonl"


class Journal:
    """Keeps run.json in step with the run; may be told from any thread.

    `url` is where OpenLineage events go beside the file; empty: nowhere.
    Raises: UsageError when another process keeps it: the run is under way there.
    """

    def __init__(self, folder: Path, record: RunRecord, url: str = "") -> None:
        self.folder = folder
        self.record = record
        self._lock = threading.Lock()
        self._sender = Sender(url) if url else None
        self._kept = keep(folder)
        _settle(folder, url)
        self._write()
        self._tell([first_event(record)])

    def put(self, task: TaskRecord) -> None:
        """Note the present state of a task."""
        with self._lock:
            tasks = tuple(task if old.task_key == task.task_key else old for old in self.record.tasks)
            self._become(replace(self.record, tasks=tasks))

    def warn(self, words: str) -> None:
        """Note a warning."""
        with self._lock:
            self._become(replace(self.record, warnings=(*self.record.warnings, words)))

    def close(self, **facts: Any) -> RunRecord:
        """Note how the run ended."""
        with self._lock:
            self._become(replace(self.record, **facts))
            _append(self.folder / METRICS, metric_lines(self.record))
            trouble = self._sender.close() if self._sender else ""
            if trouble:
                self._become(replace(self.record, warnings=(*self.record.warnings, trouble)))
            self._kept.close()
            return self.record

    def _become(self, record: RunRecord) -> None:
        before, self.record = self.record, record
        self._write()
        self._tell([*events_between(before, record)])

    def _tell(self, events: list[Event]) -> None:
        told = lineage_of(events, self.record)
        _append(self.folder / EVENTS, map(asdict, events))
        _append(self.folder / LINEAGE, told)
        if self._sender:
            for event in told:
                self._sender.send(event)

    def _write(self) -> None:
        write_record(self.folder, self.record)


def settle_dead_runs(runs: Path, url: str = "") -> list[Path]:
    """Tell the end of every run whose runner died without telling it, and return the folders of those runs."""
    found = []
    for path in sorted(runs.glob(f"*/{EVENTS}")):
        if not _is_open(_events_in(path.parent)):
            continue
        try:
            kept = keep(path.parent)
        except UsageError:
            continue  # it is alive
        with kept:
            found += [path.parent] if _settle(path.parent, url) else []
    return found


def _settle(folder: Path, url: str) -> bool:
    """Tell the end of a run that told none, in a folder that we keep; run.json stays as it is, for a repair."""
    events = _events_in(folder)
    if not _is_open(events):
        return False
    dead = as_dead(read_record(folder))
    ends = [*ends_of(events, dead)]
    _append(folder / EVENTS, map(asdict, ends))
    # What lineage tells is made of the events alone, so its file lacks only what the runner had no time to add.
    told = lineage_of([*events, *ends], dead)[len(_lines(folder / LINEAGE)) :]
    _append(folder / LINEAGE, told)
    if url:
        sender = Sender(url)
        for event in told:
            sender.send(event)
        sender.close()
    return True


def _events_in(folder: Path) -> list[Event]:
    events = (Event(**{**line, "happened": Happened(line["happened"])}) for line in _lines(folder / EVENTS))
    return [replace(event, state=ResultState(event.state) if event.state else None) for event in events]


def _is_open(events: Sequence[Event]) -> bool:
    """Tell whether a run began and has no end."""
    of_runs = [event.happened for event in events if event.happened in (Happened.RUN_STARTED, Happened.RUN_ENDED)]
    return of_runs[-1:] == [Happened.RUN_STARTED]


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file; one that a dying process could not finish is none."""
    if not path.is_file():
        return []
    whole = (_line(text) for text in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return [line for line in whole if line]


def _line(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _append(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Add lines in one write, so that a reader in between finds whole ones; a line cut off before stays apart."""
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    if not text:
        return
    with path.open("a+b") as file:
        if file.tell() and not _ends_a_line(file):
            text = f"\n{text}"
        file.write(text.encode())


def _ends_a_line(file: IO[bytes]) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def lineage_url(bundle: Bundle) -> str:
    """Return where lineage goes: the bundle's variable `openlineage_url`, else OPENLINEAGE_URL; empty: nowhere."""
    told = bundle.value("openlineage_url") if "openlineage_url" in bundle.variables else ""
    return str(told or os.environ.get("OPENLINEAGE_URL", ""))
