"""run.json: what a run did, written whole after every step, so that it is true whenever it is read.

Times are ISO 8601 in UTC. Paths are relative to the run folder. `state` is null while something runs.
"""

from __future__ import annotations

import fcntl
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from bundle_runner.errors import UsageError
from bundle_runner.record.occasion import BY_HAND, Occasion
from bundle_runner.states import ResultState

FILE = "run.json"
LOCK = ".lock"
_BEGINNING = 110


@dataclass(frozen=True)
class AttemptRecord:
    """One execution of a notebook, or of a program; that one has a log instead of a page."""

    number: int
    started_at: str
    state: ResultState | None = None
    ended_at: str | None = None
    message: str = ""
    stopped: bool = False
    notebook: str | None = None
    html: str | None = None
    log: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskRecord:
    """One task, or one iteration of a for_each task (then with its input).

    `depends_on` gives each task that had to end before, with the outcome it needed; `run_if` the rule over them.
    `run_id` is the run of the job that it ran.
    """

    task_key: str
    kind: str
    state: ResultState | None = None
    started_at: str | None = None
    ended_at: str | None = None
    message: str = ""
    stopped: bool = False
    outcome: str | None = None
    input: Any = None
    attempts: tuple[AttemptRecord, ...] = ()
    iterations: tuple[TaskRecord, ...] = ()
    run_id: str | None = None
    depends_on: dict[str, str | None] = field(default_factory=dict)
    run_if: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """Return the task values of the last attempt."""
        return self.attempts[-1].values if self.attempts else {}

    @property
    def seconds(self) -> float:
        """Return how long the task took; 0 where it has not started or not ended."""
        return seconds_between(self.started_at, self.ended_at)

    @property
    def records(self) -> int | str | None:
        """Return what the task says of its records; the sum for a for_each task."""
        counts = [part.records for part in self.iterations]
        numbers = [count for count in counts if isinstance(count, int)]
        if numbers:
            return sum(numbers)
        found = self.values.get("records")
        return found if isinstance(found, int | str) else None


@dataclass(frozen=True)
class RunRecord:
    """One run of a job. `exit_code` is that of `lakehouse run`, or of the last `lakehouse repair`.

    `repair_count` and `repaired_at` say how often the run was repaired, and when the last repair began.
    `parent` is the run, and after a point the task, that started it; `occasion` says what did, and when.
    """

    run_id: str
    bundle: str
    target: str
    job: str
    job_name: str
    parameters: dict[str, str]
    started_at: str
    state: ResultState | None = None
    ended_at: str | None = None
    exit_code: int | None = None
    message: str = ""
    tasks: tuple[TaskRecord, ...] = ()
    books: tuple[str, ...] = ()
    report: str | None = None
    only: tuple[str, ...] = ()
    repair_count: int = 0
    repaired_at: str | None = None
    parent: str | None = None
    warnings: tuple[str, ...] = ()
    occasion: Occasion = BY_HAND

    @property
    def seconds(self) -> float:
        """Return how long the run took, repairs and the time before them included; 0 where it has not ended."""
        return seconds_between(self.started_at, self.ended_at)


def write_record(folder: Path, record: RunRecord) -> None:
    """Put a record in place of the run folder's run.json, at once; only for who keeps the folder."""
    draft = folder / f".{FILE}.draft"
    draft.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / FILE)


def keep(folder: Path) -> IO[str]:
    """Return a locked file of the run folder; the lock goes with the process that holds it.

    Raises: UsageError when another process holds it.
    """
    file = (folder / LOCK).open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise UsageError(f"run {folder.name} is still under way in another process; nothing was started") from None
    return file


def written(moment: datetime) -> str:
    """Return a moment as run.json writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    """Return the present moment as run.json writes it."""
    return written(datetime.now(UTC))


def seconds_between(start: str | None, end: str | None) -> float:
    """Return the seconds from one moment to another; 0 where one is missing."""
    if not start or not end:
        return 0.0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def beginning(message: str) -> str:
    """Return as much of a message as a line of progress holds: run.json has all of it."""
    return message if len(message) <= _BEGINNING else f"{message[:_BEGINNING].rsplit(' ', 1)[0]} …"


def read_record(folder: Path) -> RunRecord:
    """Read a run folder's run.json."""
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    lists = {
        "tasks": tuple(_task(task) for task in content["tasks"]),
        "books": tuple(content["books"]),
        "only": tuple(content.get("only", ())),
        "warnings": tuple(content.get("warnings", ())),
    }
    occasion = {"occasion": Occasion(**content.get("occasion", {}))}
    return RunRecord(**{**content, **_states(content), **lists, **occasion})


def _task(content: dict[str, Any]) -> TaskRecord:
    attempts = tuple(AttemptRecord(**{**attempt, **_states(attempt)}) for attempt in content["attempts"])
    iterations = tuple(_task(part) for part in content["iterations"])
    return TaskRecord(**{**content, **_states(content), "attempts": attempts, "iterations": iterations})


def _states(content: dict[str, Any]) -> dict[str, ResultState | None]:
    return {"state": ResultState(content["state"]) if content["state"] else None}
