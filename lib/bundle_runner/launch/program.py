"""Run a Python file or an entry point in a process of its own and find out how it really ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bundle_runner.launch.notebook import NotebookEnd, bounded
from bundle_runner.launch.stopper import Stopper
from bundle_runner.notebooks.workspace_names import explained

LOG = "output.log"


@dataclass(frozen=True)
class ProgramCall:
    """One attempt: what to run with which arguments, where, its evidence folder and its environment."""

    words: tuple[str, ...]
    place: Path
    folder: Path
    environment: Mapping[str, str]


def run_program(call: ProgramCall, limit: Stopper) -> NotebookEnd:
    """Run the process to its end, or until it is stopped; what it says is kept as the attempt's log."""
    environment = {**call.environment, "BUNDLE_TASK_DIR": str(call.folder), "PYTHONUNBUFFERED": "1"}
    with (call.folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bundle_runner.kernel.script", *call.words],
            env=environment,
            cwd=call.place,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    limit.listen(lambda *_: _kill(process.pid))
    code = process.wait()
    _kill(process.pid)  # what it started and left behind
    return _end(call.folder, code)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _end(folder: Path, code: int) -> NotebookEnd:
    said = _said(folder / "ended.json")
    if code == 0 and said.get("end"):
        return NotebookEnd(True)
    if said.get("stop") and (folder / "stop.json").is_file():
        return NotebookEnd(False, bounded(said["stop"]), stopped=True)
    if said.get("error"):
        return NotebookEnd(False, bounded(explained(said["error"])))
    how = f"died by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return NotebookEnd(False, f"the process {how} before the program's end; what it said: {folder / LOG}")


def _said(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found
