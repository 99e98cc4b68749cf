"""Watch the triggers: each watch tells when its job is due, and remembers what it has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bundle_runner.record.occasion import Occasion
from bundle_runner.record.records import written
from bundle_runner.schedule.triggers import Always, ByFiles, Timed, Trigger

LATE = timedelta(minutes=1)
COUNTED = 1000
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=5)


@dataclass(frozen=True)
class Seen:
    """What a watch remembers over a restart.

    `trigger` is the trigger it was for, `since` the moment up to which it was watched, `fired` when it last fired,
    `files` the files that are no news.
    """

    trigger: str
    since: str
    fired: str | None = None
    files: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Fire:
    """A job is due: why, and what is to be said of it."""

    occasion: Occasion
    words: str = ""


class Watch(Protocol):
    """Someone who watches one trigger. Moments are arguments; there is no other clock."""

    seen: Seen

    def due(self, now: datetime) -> Fire | None:
        """Return why the job is due, None when it is not; what was told once is not told again."""

    def ended(self, now: datetime, success: bool) -> None:
        """Hear that a run of the job ended."""

    def next_words(self, now: datetime) -> str:
        """Say when the job runs next."""


def watch(trigger: Trigger, seen: Seen | None, now: datetime) -> Watch:
    """Begin or go on to watch; what was seen of another trigger counts no more."""
    known = seen if seen and seen.trigger == trigger.words else Seen(trigger.words, written(now))
    if isinstance(trigger, ByFiles):
        return FilesWatch(trigger, known, now)
    if isinstance(trigger, Always):
        return AlwaysWatch(known, now)
    return TimedWatch(trigger, known)


@dataclass
class TimedWatch:
    """Watches the clock; fire times that passed unwatched are one."""

    trigger: Timed
    seen: Seen

    def due(self, now: datetime) -> Fire | None:
        """Return the last fire time that has come since."""
        passed = list(self._passed(now))
        if not passed:
            return None
        since = now if len(passed) == COUNTED else passed[-1]
        self.seen = replace(self.seen, since=written(since), fired=written(now))
        occasion = Occasion("periodic", at=written(passed[-1]))
        if len(passed) == 1 and now - passed[-1] <= LATE:
            return Fire(occasion)
        more = " or more" if len(passed) == COUNTED else ""
        many = f"{len(passed):,}{more} fire times were" if len(passed) > 1 else "a fire time was"
        return Fire(occasion, f"{many} missed since {self._shown(passed[0])}; it runs once for all")

    def ended(self, now: datetime, success: bool) -> None:
        """Do nothing: the clock goes on."""

    def next_words(self, now: datetime) -> str:
        """Say when the clock comes to it."""
        found = self.trigger.after(datetime.fromisoformat(self.seen.since))
        return f"next {self._shown(found)}, {in_words(found - now)}" if found else "never again"

    def _passed(self, now: datetime) -> list[datetime]:
        found: list[datetime] = []
        moment = self.trigger.after(datetime.fromisoformat(self.seen.since))
        while moment and moment <= now and len(found) < COUNTED:
            found.append(moment)
            moment = self.trigger.after(moment)
        return found

    def _shown(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.trigger.zone):%a %Y-%m-%d %H:%M:%S %Z}"


@dataclass
class FilesWatch:
    """Watches a folder and what is below it: only names that are new are news, as in Lakeflow.

    The files that are there when it is first watched are none.
    """

    trigger: ByFiles
    seen: Seen
    began: datetime
    _last: Mapping[str, Any] = field(default_factory=dict)
    _changed: datetime | None = None

    def __post_init__(self) -> None:
        if self.seen.files is None:
            self.seen = replace(self.seen, files=tuple(sorted(_listing(self.trigger.folder))))

    def due(self, now: datetime) -> Fire | None:
        """Return the arrival of files, once they keep still and the last arrival is long enough ago."""
        listing = _listing(self.trigger.folder)
        if listing != self._last:
            self._last, self._changed = listing, now
        known = set(self.seen.files or ()) & listing.keys()
        news = listing.keys() - known
        if not news or self._waits(now):
            self.seen = replace(self.seen, since=written(now), files=tuple(sorted(known)))
            return None
        self.seen = replace(self.seen, since=written(now), fired=written(now), files=tuple(sorted(listing)))
        names = ", ".join(sorted(news)[:3]) + (", …" if len(news) > 3 else "")
        occasion = Occasion("file_arrival", at=written(now), location=self.trigger.location)
        return Fire(occasion, f"{len(news)} files arrived: {names}")

    def ended(self, now: datetime, success: bool) -> None:
        """Do nothing: files come when they come."""

    def next_words(self, now: datetime) -> str:  # noqa: ARG002 other watches know a time
        """Say what is waited for."""
        return f"waits for {self.trigger.words}" + ("" if self.trigger.folder.is_dir() else ", which is not there yet")

    def _waits(self, now: datetime) -> bool:
        fired = datetime.fromisoformat(self.seen.fired) if self.seen.fired else None
        recent = fired is not None and now - fired < self.trigger.between
        return recent or now - (self._changed or now) < self.trigger.quiet


@dataclass
class AlwaysWatch:
    """Starts the next run when the last one has ended; after failures it waits, longer each time."""

    seen: Seen
    not_before: datetime
    _failures: int = 0
    _runs: bool = False

    def due(self, now: datetime) -> Fire | None:
        """Return that it is time again."""
        if self._runs or now < self.not_before:
            return None
        self._runs = True
        self.seen = replace(self.seen, since=written(now), fired=written(now))
        return Fire(Occasion("continuous", at=written(now)))

    def ended(self, now: datetime, success: bool) -> None:
        """Reckon when the next one may begin."""
        self._runs = False
        self._failures = 0 if success else self._failures + 1
        pause = min(FIRST_PAUSE * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE) if self._failures else timedelta()
        self.not_before = now + pause

    def next_words(self, now: datetime) -> str:
        """Say when the next one may begin."""
        if self.not_before > now:
            return f"next {in_words(self.not_before - now)}, after {self._failures} failures in a row"
        return "next as soon as the last run has ended"


def _listing(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in folder.rglob("*"):
        try:
            facts = path.stat()
        except FileNotFoundError:
            continue  # it went while we looked
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = (facts.st_size, facts.st_mtime_ns)
    return found


def in_words(distance: timedelta) -> str:
    """Say how far away something is, in its two largest units."""
    seconds = max(0, round(distance.total_seconds()))
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    told = [f"{number} {unit}" for number, unit in parts if number]
    return "in " + " ".join(told[:2] or ["0 s"])
