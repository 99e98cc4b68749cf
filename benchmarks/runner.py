"""What the runner costs: the job `sales_daily` beside one script that does the same work in one process.

    .venv/bin/python -m benchmarks.runner --date 2011-01-05 --rounds 10

`job` is `lakehouse run sales_daily`: a kernel, an executed notebook and a page for each of its tasks. `script` runs the
same notebooks' cells one after the other in one Python process, on a JVM that it starts at once, while the first cells
run: same session profile, class archive, gates and figures, and no kernel, no papermill, no page. Each has a lakehouse
of its own that is empty. Rounds alternate; seconds, medians and their ratio are told. `again` is the job once more,
with nothing new.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.shops import running_shop

PROJECT = Path(__file__).parents[1]
LAKEHOUSE = Path(sys.executable).with_name("lakehouse")
STEPS = ("20_bronze", "25_gate_bronze", "30_silver", "35_gate_silver", "40_gold", "45_gate_gold", "50_report")


def main() -> None:
    """Print seconds per round, and the medians with their ratio."""
    options = _options()
    if options.script:
        _run_script(json.loads(options.script))
        return
    seconds: dict[str, list[float]] = {"job": [], "again": [], "script": []}
    with running_shop(PROJECT, "--date", options.date) as shop:
        for number in range(options.rounds):
            for name, taken in _round(str(shop.base_url), options.date):
                seconds[name].append(taken)
            told = ", ".join(f"{name} {taken[-1]:.1f} s" for name, taken in seconds.items())
            print(f"round {number + 1}: {told}", flush=True)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    print(", ".join(f"{name} {taken:.1f} s" for name, taken in medians.items()))
    print(f"job ÷ script: {medians['job'] / medians['script']:.2f}")


def _round(shop_url: str, date: str) -> Iterator[tuple[str, float]]:
    with tempfile.TemporaryDirectory(prefix="runner-") as folder:
        job, script = (_places(Path(folder) / name, shop_url, date) for name in ("job", "script"))
        command = [LAKEHOUSE, "run", "sales_daily", "--bundle", PROJECT]
        variables = [f"lakehouse_root={job['lakehouse_root']}", f"shop_api_url={shop_url}"]
        command += [option for variable in variables for option in ("--var", variable)]
        yield "job", _timed(command)
        yield "again", _timed(command)
        yield "script", _timed([sys.executable, "-m", "benchmarks.runner", "--script", json.dumps(script)])


def _places(root: Path, shop_url: str, date: str) -> dict[str, str]:
    inbox = ["--inbox", root / "inbox", "--date", date, "--bundle", PROJECT]
    subprocess.run([LAKEHOUSE, "simulate", "partner-files", *inbox], check=True, capture_output=True)
    return {
        "run_id": root.name,
        "lakehouse_root": f"{root}",
        "inbox_root": f"{root / 'inbox'}",
        "pipelines_root": f"{PROJECT / 'pipelines'}",
        "connections": json.dumps({"shop_api": shop_url}),
    }


def _timed(command: list[Any]) -> float:
    start = time.perf_counter()
    done = subprocess.run(list(map(str, command)), cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[1:4]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - start


def _run_script(places: dict[str, str]) -> None:
    """Do the job's work in this process."""
    from sales_lakehouse.session import get_spark

    starting = threading.Thread(target=get_spark)
    starting.start()
    # With a folder for its values a task takes its parameters as they are, as under the runner.
    os.environ["BUNDLE_TASK_DIR"] = str(_made(Path(places["lakehouse_root"]) / "values"))
    values = {**places, "started_at": datetime.now(UTC).isoformat()}
    _run_notebook("05_plan", {**values, "landed": "no"})
    for source in json.loads((Path(os.environ["BUNDLE_TASK_DIR"]) / "values.json").read_text())["sources"]:
        _run_notebook("10_land", {**values, "source": source})
    _run_notebook("05_plan", values)
    starting.join()
    for name in STEPS:
        _run_notebook(name, values)


def _run_notebook(name: str, values: dict[str, str]) -> None:
    cells = json.loads((PROJECT / f"notebooks/{name}.ipynb").read_text())["cells"]
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102 the project's own notebooks
            if "parameters" in cell["metadata"].get("tags", ()):
                names.update({name: value for name, value in values.items() if name in names})


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", default="2011-01-05", help="the world as of this day")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--script", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
