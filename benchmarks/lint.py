"""How long `lakehouse lint` takes, as a process and by itself, over a bundle.

.venv/bin/python benchmarks/lint.py [folder] [rounds]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bundle_runner.lint.rules import lint

PROJECT = Path(__file__).parents[1]


def main() -> None:
    """Print the median and the slowest of the rounds."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    command = [str(Path(sys.executable).with_name("lakehouse")), "lint", "--bundle", str(folder)]
    _show("lakehouse lint", rounds, lambda: subprocess.run(command, check=False, capture_output=True))
    _show("the rules alone", rounds, lambda: lint(folder))


def _show(name: str, rounds: int, work: Callable[[], object]) -> None:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    print(f"{name:<16} median {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s of {rounds}")


if __name__ == "__main__":
    main()
