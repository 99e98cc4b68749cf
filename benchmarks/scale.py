"""How the chain scales: two workers of a cluster beside one, and ten million lines beside DuckDB and delta-rs.

    .venv/bin/uv pip install duckdb     (for `lines`; no part of the environment, a set-up anew takes it out)
    .venv/bin/python -m benchmarks.scale --lines 10000000 --memory 6
    .venv/bin/python -m benchmarks.scale --part lines --lines 200000        (a try, two minutes)

Both parts bring daily files of one partner from landing to gold in one run: the notebooks' own cells, no runner. What
starts a JVM is not counted.

`workers`: a standalone Spark cluster on this machine, of one worker and then of two, with one core each. Both must come
to the same tables. The driver takes part of the same cores: with fewer than three the ratio tells little.

`lines`: local Spark, and then DuckDB with delta-rs on the same files, which casts as strictly, keeps one row a key and
runs the same SQL, but lands nothing, keeps no books and has no gates (benchmarks/duck.py). Gold must come to the same
rows. Memory is the most that was held at once, shared pages dealt among their holders (PSS, five looks a second); for
`workers` it is the driver's alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from benchmarks.cluster import standalone_cluster
from benchmarks.duck import run_duck
from benchmarks.increment import FIRST_DAY, SOURCE, deliver
from sales_lakehouse.landing import land_source
from sales_lakehouse.plan import make_plan
from sales_lakehouse.run import Run
from tests.torture.chain import STEPS, parameters_of, run_cells
from tests.torture.checksums import checksums, differences

# Of 10 ÷ 3 the one rounds, where the other has more digits to begin with.
NOT_COMPARED = {"returned_pct_90d"}


@dataclass(frozen=True)
class Outcome:
    """What one way took: seconds of each step, and the most memory of JVMs and of other processes, in bytes."""

    name: str
    steps: dict[str, float]
    jvm: int
    others: int
    went_well: bool

    @property
    def seconds(self) -> float:
        """Return the seconds of all steps."""
        return sum(self.steps.values())


@dataclass
class Memory:
    """Looks at a process and all below it, until told to end."""

    process: psutil.Process
    jvm: int = 0
    others: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Note the most that was held at once."""
        while not self._ended.wait(0.2):
            held = {True: 0, False: 0}
            with suppress(psutil.Error):
                for each in (self.process, *self.process.children(recursive=True)):
                    with suppress(psutil.Error):
                        held[each.name() == "java"] += each.memory_full_info().pss
            self.jvm, self.others = max(self.jvm, held[True]), max(self.others, held[False])

    def end(self) -> None:
        """Look no more."""
        self._ended.set()


def main() -> None:
    """Print progress, then a table for each part; end with 1 where something failed or differs."""
    options = _options()
    if options.work:
        _work(json.loads(options.work))
        return
    if "lines" in options.part and find_spec("duckdb") is None:
        sys.exit("part lines needs DuckDB: .venv/bin/uv pip install duckdb; nothing was begun")
    found: list[str] = []
    for part in options.part:
        with tempfile.TemporaryDirectory(prefix=f"scale-{part}-", dir=options.folder) as folder:
            found += PARTS[part](Path(folder), options)
    print("\n".join(found) or "the same tables", flush=True)
    sys.exit(bool(found))


def measure_workers(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Bring the same files in on one worker and on two; say what failed or differs."""
    outcomes = []
    for workers in (1, 2):
        root = folder / f"{workers}"
        _deliver(root, options.cluster_lines, options.files)
        with standalone_cluster(folder / f"cluster-{workers}", workers, f"{options.memory}g") as master:
            outcomes.append(_outcome(f"workers: {workers}", {"root": f"{root}", "master": master}, options))
    _tell(outcomes, options.cluster_lines)
    one, two = outcomes
    if not (one.went_well and two.went_well):
        yield "a part of workers failed: see above"
        return
    print(f"one worker ÷ two workers: {one.seconds / two.seconds:.2f}", flush=True)
    yield from differences(checksums(folder / "1"), checksums(folder / "2"))


def measure_lines(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Bring the same files in with our chain and with DuckDB; say what failed or differs."""
    root = folder / "lakehouse"
    _deliver(root, options.lines, options.files)
    ours = _outcome("chain", {"root": f"{root}"}, options)
    (folder / "duck").mkdir()
    places = {"root": f"{root}", "duck": f"{folder / 'duck'}"}
    duck = _outcome("DuckDB + delta-rs", places, options)
    _tell([ours, duck], options.lines)
    if not (ours.went_well and duck.went_well):
        yield "a part of lines failed: see above"
        return
    print(f"chain ÷ DuckDB: {ours.seconds / duck.seconds:.2f}", flush=True)
    for table in sorted(path.name for path in (root / "gold").iterdir()):
        if _rows(root / "gold" / table) != _rows(folder / "duck/gold" / table):
            yield f"gold.{table} differs from DuckDB's"


PARTS: dict[str, Callable[[Path, argparse.Namespace], Iterator[str]]] = {
    "workers": measure_workers,
    "lines": measure_lines,
}


def _deliver(root: Path, lines: int, files: int) -> None:
    for number in range(1, files + 1):
        deliver(root / "inbox" / SOURCE, FIRST_DAY + timedelta(days=number), lines // files)


def _outcome(name: str, given: dict[str, Any], options: argparse.Namespace) -> Outcome:
    """Do the work in a process of its own, so that nothing of one way is left to the next."""
    print(f"{name}:", flush=True)
    given |= {"memory": options.memory, "took": f"{given['root']}.json"}
    environment = {**os.environ, "SPARK_DRIVER_JAVA_OPTIONS": "-XX:+UseG1GC"}
    command = [sys.executable, "-m", "benchmarks.scale", "--work", json.dumps(given)]
    process = subprocess.Popen(command, env=environment)
    memory = Memory(psutil.Process(process.pid))
    watcher = threading.Thread(target=memory.watch, daemon=True)
    watcher.start()
    code = process.wait()
    memory.end()
    watcher.join()
    took = Path(given["took"])
    steps = json.loads(took.read_text()) if code == 0 else {}
    return Outcome(name, steps, memory.jvm, memory.others, code == 0)


def _work(given: dict[str, Any]) -> None:
    steps: dict[str, float] = {}

    def timed(name: str, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        steps[name] = time.perf_counter() - began
        print(f"  {name:<14} {steps[name]:8.1f} s", file=sys.stderr, flush=True)

    root = Path(given["root"])
    run = Run.of(parameters_of(root, 1))
    if "duck" in given:
        run_duck(run.inbox_root / SOURCE, Path(given["duck"]), run.pipelines, given["memory"], timed)
    else:
        _run_chain(root, run, given, timed)
    Path(given["took"]).write_text(json.dumps(steps))


def _run_chain(root: Path, run: Run, given: dict[str, Any], timed: Callable[[str, Callable[[], object]], None]) -> None:
    spark = _session(given.get("master"), f"{given['memory']}g")
    spark.range(8).count()
    timed("land", lambda: (land_source(run, run.pipelines.source(SOURCE)), make_plan(run)))
    with redirect_stdout(StringIO()):
        for step in STEPS:
            timed(step, partial(run_cells, step, parameters_of(root, 1)))
    spark.stop()


def _session(master: str | None, memory: str) -> SparkSession:
    home = Path(sys.prefix) / "spark"
    os.environ.update(SPARK_HOME=f"{home}", SPARK_CONF_DIR=f"{home / 'conf'}", PYSPARK_PYTHON=sys.executable)
    builder = SparkSession.builder.appName("scale").config("spark.driver.memory", memory)
    if master:
        builder = builder.master(master).config("spark.executor.memory", memory)
        builder = builder.config("spark.executor.extraClassPath", f"{home / 'jars'}/*")
    return builder.getOrCreate()


def _tell(outcomes: list[Outcome], lines: int) -> None:
    print(f"\n{lines:,} lines{'':<12}{'seconds':>10}{'lines/s':>12}{'JVM MB':>10}{'others MB':>11}")
    for each in outcomes:
        if each.went_well:
            rate, held = lines / each.seconds, f"{each.jvm / 1e6:>10,.0f}{each.others / 1e6:>11,.0f}"
            print(f"{each.name:<24}{each.seconds:>10.1f}{rate:>12,.0f}{held}")
        else:
            print(f"{each.name:<24}{'failed':>10}")


def _rows(folder: Path) -> list[str]:
    rows: list[dict[str, Any]] = DeltaTable(folder).to_pyarrow_table().to_pylist()
    return sorted(repr([row[name] for name in sorted(row) if name not in NOT_COMPARED]) for row in rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--lines", type=int, default=10_000_000, help="of part lines")
    parser.add_argument("--cluster-lines", type=int, default=1_000_000, help="of part workers")
    parser.add_argument("--files", type=int, default=10, help="deliveries, a day each")
    parser.add_argument("--memory", type=int, default=4, help="GB of the driver, of each executor, and DuckDB's limit")
    parser.add_argument("--folder", type=Path, help="where the lakehouses are made, and removed at the end")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
