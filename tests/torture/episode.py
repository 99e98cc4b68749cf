"""One episode: a delivery is brought in under kills, run after run, until it is in; then everything is looked at."""

import fcntl
import json
import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from bundle_runner.record.records import read_record, seconds_between
from tests.torture.chain import apply_landed, land
from tests.torture.checksums import checksums, differences
from tests.torture.strikes import KINDS, STEPS, Kill, has_ended, lives, ours, strike, wait_for
from tests.torture.world import FIRST, SECOND, World, cut_samples, declare_less, deliver, shop_until, spoil_first_day

RUNS_AT_MOST = 12
"""So many runs an episode may take: each kill costs at most one, and a run without a kill must succeed."""
SECONDS_TO_GO = 20.0
"""So long what a killed runner leaves behind may need to notice it."""
NO_JVM = ("sources", "land", "plan")
JOB = ("run", "sales_daily")


@dataclass(frozen=True)
class Stage:
    """The world before the second delivery, and what an undisturbed run makes of it."""

    world: World
    expected: dict[str, str]
    usual: dict[str, float] = field(default_factory=dict)

    def measured(self, root: Path) -> "Stage":
        """Let the runner bring the delivery in undisturbed: it must come to the same, and tells how long steps take."""
        story = episode_of(self, root, 0, []).live_through()
        assert not story.found, story
        return replace(self, usual=_seconds_of(root))


@dataclass(frozen=True)
class Story:
    """What happened in an episode: the kills that struck (kind, step), the runs' exit codes, what was found."""

    seed: int
    struck: list[tuple[str, str]] = field(default_factory=list)
    missed: list[tuple[str, str]] = field(default_factory=list)
    exits: list[tuple[str, int]] = field(default_factory=list)
    found: list[str] = field(default_factory=list)


@contextmanager
def staged(folder: Path, begun: bool = True, less: bool = False) -> Iterator[Stage]:
    """Lay out a delivery and find what must come of it, without a runner.

    `begun`: it meets what the day before left, and a corrected file of that day is in it. `less`: under fewer
    declarations.
    """
    samples = cut_samples(folder / "bundle")
    base = World(folder / "base", "")
    if less:
        declare_less(base.root)
    if begun:
        deliver(base, samples, FIRST)
        spoil_first_day(base)
        with shop_until(samples, FIRST) as url:
            land(base.root, url)
        assert apply_landed(base.root, 1)
    deliver(base, samples, SECOND)
    with shop_until(samples, SECOND) as url:
        world = World(base.root, url)
        quiet = world.copied(folder / "undisturbed")
        land(quiet.root, url)
        assert apply_landed(quiet.root, 2)
        yield Stage(world, checksums(quiet.root))


def kills_of(seed: int, steps: list[str]) -> list[Kill]:
    """Roll what is killed in each of these steps, and when."""
    dice = random.Random(seed)
    ordered = sorted(steps, key=STEPS.index)
    return [Kill(step, _kind(dice, step), round(dice.random(), 3)) for step in ordered]


@dataclass(frozen=True)
class Episode:
    """The copy of a stage that kills strike, those that are to come, and what happened so far."""

    stage: Stage
    world: World
    coming: list[Kill]
    story: Story
    repairs_pct: int = 30

    def live_through(self) -> Story:
        """Run, and run again or repair, until the job succeeds; then compare."""
        dice = random.Random(self.story.seed)
        for _ in range(RUNS_AT_MOST):
            repairs = bool(self.story.exits) and dice.random() * 100 < self.repairs_pct
            words = ("repair", "last") if repairs else JOB
            code = self._run(words)
            self.story.exits.append((words[0], code))
            if code == 0:
                break
        else:
            self.story.found.append(f"no run of {RUNS_AT_MOST} succeeded")
        self.story.missed.extend((kill.kind, kill.step) for kill in self.coming)
        self.story.found.extend(_look(self.world, self.stage.expected))
        return self.story

    def _run(self, words: tuple[str, ...]) -> int:
        """Start the runner and let the next kills strike it; return how it ended.

        A kill whose step has ended comes too late, and one whose step was not reached too early: both wait for the
        next run.
        """
        process = self.world.start(*words)
        runner, late = psutil.Process(process.pid), list[Kill]()
        while self.coming and lives(runner):
            kill, root = self.coming[0], self.world.root
            came = wait_for(root, kill, runner, self.stage.usual)
            if not came and not has_ended(root, runner, kill.step):
                break
            self.coming.pop(0)
            if came and (step := strike(root, kill.kind, runner)):
                self.story.struck.append((kill.kind, step))
            else:
                late.append(kill)
        self.coming[:0] = late
        return process.wait(timeout=3600)


def episode_of(stage: Stage, root: Path, seed: int, kills: list[Kill]) -> Episode:
    """Copy a stage for an episode."""
    shutil.rmtree(root, ignore_errors=True)
    return Episode(stage, stage.world.copied(root), list(kills), Story(seed))


def _look(world: World, expected: dict[str, str]) -> Iterator[str]:
    yield from differences(expected, checksums(world.root))
    books = world.ask("books", "--deep")
    if books.returncode:
        yield f"books --deep ended with {books.returncode}: {books.stdout[-600:]}{books.stderr[-600:]}"
    yield from _left_behind(world.root)


def _left_behind(root: Path) -> Iterator[str]:
    deadline = time.monotonic() + SECONDS_TO_GO
    while (alive := [one for one in ours(root) if lives(one)]) and time.monotonic() < deadline:
        time.sleep(0.2)
    for process in alive:
        yield f"process {process.pid} is left: {' '.join(process.cmdline())[:200]}"
    for lock in (*(root / "runs").glob("*/.lock"), *(root / "runs/.turns").glob("*")):
        if not _is_free(lock):
            yield f"lock {lock.relative_to(root)} is held"
    if (root / "ops/promotion.json").exists():
        yield "ops/promotion.json is left: a promotion has begun and not ended"
    unfinished = [path.parent.name for path in (root / "runs").glob("*/run.json") if not _state_of(path)]
    if unfinished:
        yield f"runs without a result: {', '.join(unfinished)}"


def _is_free(lock: Path) -> bool:
    door = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(door)
    return True


def _state_of(record: Path) -> str | None:
    state: str | None = json.loads(record.read_text(encoding="utf-8"))["state"]
    return state


def _seconds_of(root: Path) -> dict[str, float]:
    """Return how long each step of an undisturbed run takes."""
    (folder,) = (path.parent for path in (root / "runs").glob("*/run.json"))
    return {task.task_key: seconds_between(task.started_at, task.ended_at) for task in read_record(folder).tasks}


def _kind(dice: random.Random, step: str) -> str:
    return dice.choice([kind for kind in KINDS if kind != "jvm" or step not in NO_JVM])
