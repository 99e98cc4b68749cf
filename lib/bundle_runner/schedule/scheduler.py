"""Stay and run jobs when they are due, with no more runs of a job at once than it allows."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from bundle_runner.record.occasion import Occasion
from bundle_runner.schedule.triggers import Scheduled
from bundle_runner.schedule.watches import Fire, Seen, Watch, in_words, watch

POLL = timedelta(seconds=1)
FILE = "schedule.json"
ENDS = {
    0: "success",
    1: "a task failed",
    2: "it could not be started",
    3: "stopped on purpose",
    4: "another run goes on",
    130: "canceled",
}


class Clock(Protocol):
    """What time it is, and how it passes."""

    def now(self) -> datetime:
        """Return the moment."""

    def wait(self, span: timedelta) -> None:
        """Let time pass."""


class Started(Protocol):
    """A run that goes on elsewhere."""

    def exit_code(self) -> int | None:
        """Return its exit code, None while it goes on."""

    def interrupt(self) -> None:
        """Ask it to end as canceled."""


Launch = Callable[[str, Occasion], Started]
"""Starts a run of a job."""
Say = Callable[[str, str], None]
"""Tells of a job, in words."""


@dataclass
class Place:
    """One job that is watched: what goes on of it, and what waits."""

    scheduled: Scheduled
    watch: Watch
    running: list[tuple[datetime, Started]] = field(default_factory=list)
    waiting: deque[Fire] = field(default_factory=deque)

    @property
    def full(self) -> bool:
        """Tell whether as many runs go on as the job allows."""
        return len(self.running) >= (self.scheduled.job.max_concurrent_runs or 1)

    @property
    def queues(self) -> bool:
        """Tell whether a run waits for its turn."""
        return self.scheduled.job.queue is not None and self.scheduled.job.queue.enabled


class Scheduler:
    """Watches the triggers of the jobs that are not paused."""

    def __init__(self, jobs: Iterable[Scheduled], state: Path, launch: Launch, clock: Clock, say: Say) -> None:
        self._state, self._launch, self._clock, self._say = state, launch, clock, say
        seen, now = read_seen(state), clock.now()
        self.places = {job.key: Place(job, watch(job.trigger, seen.get(job.key), now)) for job in jobs}

    def run(self, stops: Callable[[], bool]) -> None:
        """Go on until `stops` says so; then the runs that go on are canceled and waited for."""
        for key, place in self.places.items():
            self._say(key, place.watch.next_words(self._clock.now()))
        self._write()
        while not stops():
            self.turn()
            self._clock.wait(POLL)
        self._end()

    def turn(self) -> None:
        """Look once at every job: hear of runs that ended, start what is due."""
        for key, place in self.places.items():
            self._hear(key, place)
            fire = place.watch.due(self._clock.now())
            if fire:
                self._write()  # before the run starts: a fire that is told twice is worse than one that is lost
                self._take(key, place, fire)
            while place.waiting and not place.full:
                self._start(key, place, place.waiting.popleft())

    def _take(self, key: str, place: Place, fire: Fire) -> None:
        if fire.words:
            self._say(key, fire.words)
        if place.full and not place.queues and fire.occasion.kind == "periodic":
            self._say(key, f"skipped: {len(place.running)} runs go on (max_concurrent_runs)")
            self._say(key, place.watch.next_words(self._clock.now()))
            return
        if place.full:
            self._say(key, "waits for its turn (queue)")
        place.waiting.append(fire)

    def _start(self, key: str, place: Place, fire: Fire) -> None:
        place.running.append((self._clock.now(), self._launch(key, fire.occasion)))
        self._say(key, f"started ({fire.occasion.kind})")

    def _hear(self, key: str, place: Place) -> None:
        for began, started in list(place.running):
            code = started.exit_code()
            if code is None:
                continue
            place.running.remove((began, started))
            now = self._clock.now()
            place.watch.ended(now, code == 0)
            took = in_words(now - began).removeprefix("in ")
            self._say(key, f"ended after {took} with exit code {code}: {ENDS.get(code, 'it broke off')}")
            self._say(key, place.watch.next_words(now))

    def _end(self) -> None:
        for key, place in self.places.items():
            if place.waiting:
                self._say(key, f"{len(place.waiting)} runs waited for their turn and are not run")
        going = [(key, started) for key, place in self.places.items() for _, started in place.running]
        for key, started in going:
            self._say(key, "is canceled")
            started.interrupt()
        while any(started.exit_code() is None for _, started in going):
            self._clock.wait(POLL)
        self._write()

    def _write(self) -> None:
        content = {key: asdict(place.watch.seen) for key, place in self.places.items()}
        draft = self._state.with_name(f".{self._state.name}.draft")
        self._state.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(self._state)


def read_seen(state: Path) -> Mapping[str, Seen]:
    """Return what the watches remembered; nothing where there is no file, or none of ours."""
    try:
        content = json.loads(state.read_text(encoding="utf-8"))
        return {key: Seen(**{**one, "files": _files(one["files"])}) for key, one in content.items()}
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _files(found: list[str] | None) -> tuple[str, ...] | None:
    return None if found is None else tuple(found)
