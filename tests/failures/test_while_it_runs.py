"""Failures of a run under way: what `lakehouse run` shows last, as a process of its own."""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.bundle.small_bundle import SmallBundle, task
from tests.failures.test_last_screens import TRACES

LAKEHOUSE = Path(sys.executable).with_name("lakehouse")


@dataclass(frozen=True)
class Broken:
    """The cell that fails, how its task is declared, and what is said of it."""

    cell: str
    says: str
    exit_code: int = 1
    declared: dict[str, Any] = field(default_factory=dict)


FAILURES = {
    "an error in a cell": Broken("{}['day']", r"first failed: cell 1: KeyError: 'day'"),
    "a missing file": Broken("open('deliveries.csv')", r"first failed: cell 1: FileNotFoundError: .*deliveries\.csv"),
    "a missing package": Broken("import pyspak", r"first failed: cell 1: ModuleNotFoundError: .*'pyspak'"),
    "no syntax": Broken("for day in:", r"first failed: cell 1: SyntaxError"),
    "a kernel that is killed": Broken(
        "import os; os.kill(os.getpid(), 9)", r"first failed: the kernel died \(.*(SIGKILL|9)"
    ),
    "an exit in the middle": Broken(
        "import sys; sys.exit(0)", r"first failed: cell 1 left the notebook by sys\.exit\(0\) before its end mark"
    ),
    "too slow": Broken("import time; time.sleep(60)", r"first timedout: .*3 s", declared={"timeout_seconds": 3}),
    "a stop on purpose": Broken(
        "from bundle_runner import task; task.stop('3 of 40 rows break a rule')",
        r"first stopped: 3 of 40 rows break a rule",
        exit_code=3,
    ),
    "a value too large": Broken(
        "from bundle_runner import task; task.set_value('rows', 'x' * 60_000)",
        r"first failed: cell 1: TaskError: task value rows has 60002 bytes, 49152 are allowed; write a table instead",
    ),
    "a value that is no JSON": Broken(
        "from bundle_runner import task; task.set_value('rows', {1, 2})",
        r"first failed: cell 1: TaskError: task value rows is not JSON: .*; give text, numbers, lists or mappings",
    ),
    "a parameter that no text is": Broken(
        "from bundle_runner import task; task.parameters(day=5)",
        r"first failed: cell 1: TaskError: parameter day: expected text, got 5; write it in quotes",
    ),
}


@pytest.mark.parametrize("broken", FAILURES.values(), ids=FAILURES)
def test_the_last_screen_says_what_failed_where_and_what_to_do(bundle: SmallBundle, broken: Broken) -> None:
    first = bundle.notebook("first", broken.cell, "from bundle_runner import task; task.end()")
    second = bundle.notebook("second", "from bundle_runner import task; task.end()")
    bundle.job({**task("first", first), **broken.declared}, task("second", second, "first"))
    command = [LAKEHOUSE, "run", "main", "--bundle", bundle.folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    screen = done.stdout.split("\nFAILED  main")[-1].split("\nTIMEDOUT  main")[-1] + done.stderr
    assert done.returncode == broken.exit_code, screen
    assert re.search(broken.says, screen, re.DOTALL), screen
    assert "not run because of it: second" in screen
    assert re.search(r"what it saw: /.*first\.html", screen), screen
    assert "then run again: " in screen
    assert [trace for trace in TRACES if trace in done.stdout + done.stderr] == []
