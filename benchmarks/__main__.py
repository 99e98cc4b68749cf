"""All benchmarks in a short form, or those that are named: `make bench`, `make bench ARGS='scan lint'`.

The short forms show that a benchmark works and roughly what it says; figures to rely on come from each one's own
defaults, for which its first lines give the command.
"""

from __future__ import annotations

import subprocess
import sys
import time

SHORT: dict[str, tuple[str, ...]] = {
    "lint": (".", "3"),
    "scan": ("20",),
    "rest": ("--orders", "2000", "--rounds", "3"),
    "bronze": ("--megabytes", "20", "--files", "1", "--rounds", "1"),
    "runner": ("--date", "2011-01-04", "--rounds", "1"),
    "increment": ("--days", "4", "--lines", "2000", "--warm", "1"),
    "scale": ("--part", "workers", "--cluster-lines", "20000", "--files", "2", "--memory", "2"),
}


def main() -> None:
    """Run them one after the other and say how long each took; end with 1 where one failed."""
    names = sys.argv[1:] or list(SHORT)
    unknown = [name for name in names if name not in SHORT]
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(SHORT)}")
    failed = [name for name in names if not _runs_well(name)]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _runs_well(name: str) -> bool:
    command = [sys.executable, "-m", f"benchmarks.{name}", *SHORT[name]]
    print(f"\n{name}: python {' '.join(command[1:])}", flush=True)
    began = time.perf_counter()
    code = subprocess.run(command, check=False).returncode
    print(
        f"{name} took {time.perf_counter() - began:.0f} s{'' if code == 0 else f' and ended with {code}'}", flush=True
    )
    return code == 0


if __name__ == "__main__":
    main()
