"""Start the job `main` of a bundle twice at the same moment, so many times; print how each pair ended, as JSON.

A process of its own, which forks: 100 starts of Python would take minutes. The job waits for the file `end`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import bundle_runner.run.execute  # noqa: F401 what each start needs, read once
from bundle_runner.cli.commands import Asked, run_job
from bundle_runner.errors import RunnerError


def start(folder: Path, go: int, out: Path) -> int:
    """Fork a process that runs the job as soon as something can be read from `go`; return its id."""
    pid = os.fork()
    if pid:
        return pid
    with out.open("w") as said:
        os.dup2(said.fileno(), 1)
        os.read(go, 1)
        try:
            code = run_job(Asked(folder, None, {}), "main", {}, ())
        except RunnerError as error:
            print(error)
            code = error.exit_code
        sys.stdout.flush()
        os._exit(code)


def pair(folder: Path, number: int) -> dict[str, object]:
    """Let two runs begin at once; the job ends when the first of the two has."""
    end = folder / "end"
    end.unlink(missing_ok=True)
    go, gate = os.pipe()
    outs = [folder / f"{number}.{side}" for side in "ab"]
    pids = [start(folder, go, out) for out in outs]
    began = time.monotonic()
    os.write(gate, b"go")
    first, status = os.wait()
    seconds = time.monotonic() - began
    end.touch()
    _, other_status = os.wait()
    os.close(go)
    os.close(gate)
    codes = [os.waitstatus_to_exitcode(one) for one in (status, other_status)]
    return {"codes": codes, "seconds": seconds, "said": outs[pids.index(first)].read_text()}


if __name__ == "__main__":
    print(json.dumps([pair(Path(sys.argv[1]), number) for number in range(int(sys.argv[2]))]))
