"""What `lakehouse schedule` does: runs of jobs in processes of their own, on the clock of this machine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import click

from bundle_runner.cli.commands import Asked
from bundle_runner.errors import ScheduleProblem, UsageError
from bundle_runner.plan.prepare import runs_folder
from bundle_runner.record.occasion import Occasion
from bundle_runner.run.turns import hold
from bundle_runner.schedule.scheduler import FILE, Scheduler
from bundle_runner.schedule.triggers import Always, ByFiles, Scheduled, Timetable, read_timetable

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Here:
    """The clock of this machine; a set `stop` ends the waiting."""

    stop: threading.Event

    def now(self) -> datetime:
        """Return the moment."""
        return datetime.now(UTC)

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        if not self.stop.wait(span.total_seconds()):
            return
        time.sleep(0.1)  # the end waits for runs that are being canceled


class ChildRun:
    """`lakehouse run` in a process of its own; what it says comes out under the job's name.

    It has its own session, so that Ctrl-C reaches it once, through us.
    """

    def __init__(self, key: str, words: Sequence[str]) -> None:
        self._key = key
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def exit_code(self) -> int | None:
        """Return its exit code once it has ended and all that it said is out."""
        code = self._process.poll()
        if code is not None:
            self._reader.join(timeout=5)
        return code

    def interrupt(self) -> None:
        """Ask it to end as canceled."""
        self._process.send_signal(signal.SIGINT)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if line.strip():
                click.echo(f"{self._key} | {line.rstrip()}")


def run_schedule(asked: Asked, unpause: bool) -> int:
    """Stay and run the jobs of a target by their own triggers, until Ctrl-C.

    A job that cannot be read is named and left out.
    Raises: UsageError when nothing starts any job, or another schedule of the target goes on.
    """
    bundle = asked.load()
    root, timetable = bundle.local_root(), read_timetable(bundle)
    awake = [job for job in timetable.jobs if unpause or not job.paused]
    for job in timetable.jobs:
        if job not in awake:
            click.echo(f"{job.key}: paused ({job.trigger.words}); --unpause runs it, too")
    for words in timetable.unread:
        click.echo(f"{words}; it is never started until that is mended and the schedule starts anew", err=True)
    if not awake:
        raise UsageError(f"target {bundle.target}: {_nothing(timetable)}; nothing was started")
    stop = threading.Event()
    state = runs_folder(root) / FILE
    with hold(runs_folder(root), "schedule"), _until(stop):
        Scheduler(awake, state, lambda key, why: _child(asked, key, why), Here(stop), _say).run(stop.is_set)
    return 130


def _nothing(timetable: Timetable) -> str:
    if timetable.jobs:
        return "all jobs that something starts are paused; run them by --unpause"
    if timetable.unread:
        return "no job that can be read has a schedule, a trigger or continuous"
    return "no job has a schedule, a trigger or continuous; run one by hand: lakehouse run JOB"


def _child(asked: Asked, key: str, occasion: Occasion) -> ChildRun:
    why = json.dumps({name: value for name, value in asdict(occasion).items() if value is not None})
    return ChildRun(key, [sys.executable, "-m", "bundle_runner", "run", key, "--occasion", why, *asked.options])


def _say(key: str, words: str) -> None:
    click.echo(f"{datetime.now().astimezone():%H:%M:%S}  {key}: {words}")


@contextmanager
def _until(stop: threading.Event) -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_schedule(asked: Asked, count: int, now: datetime) -> None:
    """Print when each job would run next; nothing is started, and it works for targets elsewhere, too.

    Raises: ScheduleProblem, after all others are printed, for jobs that cannot be read or have a trigger that is none
    on this machine, and when nothing starts any job.
    """
    bundle = asked.load()
    timetable = read_timetable(bundle)
    if not timetable.jobs and not timetable.unread:
        raise ScheduleProblem(f"target {bundle.target}: {_nothing(timetable)}")
    for job in timetable.jobs:
        click.echo(f"{job.key}: {job.trigger.words}{' (paused)' if job.paused else ''}")
        for line in _times(job, count, now):
            click.echo(f"  {line}")
    if timetable.unread:
        raise ScheduleProblem("; ".join(timetable.unread))


def _times(job: Scheduled, count: int, now: datetime) -> Iterator[str]:
    if isinstance(job.trigger, ByFiles | Always):
        yield "when files arrive" if isinstance(job.trigger, ByFiles) else "as soon as the last run has ended"
        return
    moment: datetime | None = now
    for _ in range(count):
        moment = job.trigger.after(moment) if moment else None
        if moment is None:
            yield "never again"
            return
        yield f"{moment.astimezone(job.trigger.zone):%a %Y-%m-%d %H:%M:%S %Z}  ({moment:%Y-%m-%dT%H:%M:%SZ})"
