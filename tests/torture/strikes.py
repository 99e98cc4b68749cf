"""Kill what runs: the kernel of a step, the Spark JVM, the runner, or all of them at once as a power cut does."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

STEPS = (
    "sources",
    "land",
    "plan",
    "bronze",
    "gate_bronze",
    "silver",
    "gate_silver",
    "gold",
    "gate_gold",
    "report",
)
KINDS = ("kernel", "jvm", "runner", "all")


@dataclass(frozen=True)
class Kill:
    """One kill that is to come: in which step, of what, and when.

    `share` is of the seconds that the step usually takes; `after` instead names a table (silver/customers) of which
    the step must have committed a version.
    """

    step: str
    kind: str
    share: float = 0.0
    after: str | None = None


def ours(root: Path) -> list[psutil.Process]:
    """Return the processes that work in a lakehouse's folder: by their words, their folder, or where they write."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _works_in(process, root)]


def running_step(root: Path, runner: psutil.Process) -> str | None:
    """Return the task of a runner that has an attempt under way; None where none has."""
    for task in _run_of(root, runner).get("tasks", ()):
        for part in (*task["iterations"], task):
            if any(attempt["state"] is None for attempt in part["attempts"]):
                return str(task["task_key"])
    return None


def wait_for(root: Path, kill: Kill, runner: psutil.Process, usual: dict[str, float]) -> bool:
    """Wait for the moment of a kill; tell whether it came before the step, or the run, had ended."""
    before = commits(root, kill.after)
    while lives(runner):
        is_there = running_step(root, runner) == kill.step
        if is_there and kill.after is None:
            time.sleep(kill.share * usual.get(kill.step, 1.0))
            return lives(runner)
        if is_there and commits(root, kill.after) > before:
            return True
        if has_ended(root, runner, kill.step):
            return False
        time.sleep(0.005 if kill.after else 0.02)
    return False


def has_ended(root: Path, runner: psutil.Process, step: str) -> bool:
    """Tell whether a step has done its work, or there is none; one that a failure kept from running waits for another run."""
    states = {task["task_key"]: task["state"] for task in _run_of(root, runner).get("tasks", ())}
    return states.get(step) in ("SUCCESS", "EXCLUDED")


def commits(root: Path, table: str | None) -> int:
    """Count the versions in a table's log."""
    return len([*(root / table / "_delta_log").glob("*.json")]) if table else 0


def strike(root: Path, kind: str, runner: psutil.Process) -> str | None:
    """Kill now; return the step in which it struck, None where there was nothing of this kind to kill."""
    step = running_step(root, runner) or "between steps"
    chosen = [*_chosen(kind, runner, step)]
    for process in chosen:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    return step if chosen else None


def _chosen(kind: str, runner: psutil.Process, step: str) -> Iterator[psutil.Process]:
    if kind == "runner":
        yield runner
        return
    below = runner.children(recursive=True) if lives(runner) else []
    if kind == "all":
        yield from (runner, *below)
    for process in below:
        held = _open_files(process)
        if kind == "jvm" and any(name.endswith("/jvm.log") for name in held):
            yield process
        if kind == "kernel" and any(f"/tasks/{step}/" in name for name in held):
            yield process
            return


def _works_in(process: psutil.Process, root: Path) -> bool:
    try:
        told = [process.cwd(), *process.cmdline()]
    except psutil.Error:
        return False
    return any(_within(word, root) for word in (*told, *_open_files(process)))


def _within(word: str, root: Path) -> bool:
    return f"{root}/" in word or word.endswith(f"{root}")


def _open_files(process: psutil.Process) -> list[str]:
    """Return the files that a process holds open; a kernel's log is among them, though its output is a pipe."""
    with suppress(psutil.Error):
        return [file.path for file in process.open_files()]
    return []


def _run_of(root: Path, runner: psutil.Process) -> dict[str, Any]:
    """Return what the run writes that a runner keeps; nothing before its first word."""
    written = sorted((root / "runs").glob("*/run.json"), key=lambda path: path.stat().st_mtime)
    if not written or written[-1].stat().st_mtime < runner.create_time():
        return {}
    found: dict[str, Any] = json.loads(written[-1].read_text(encoding="utf-8"))
    return found


def lives(process: psutil.Process) -> bool:
    """Tell whether a process runs; one that nobody has waited for does not."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
