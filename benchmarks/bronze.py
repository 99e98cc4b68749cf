"""Landing to bronze of large files, beside Spark's own CSV reader doing the nearest equal work.

    .venv/bin/python benchmarks/bronze.py --megabytes 100 --files 1 8 --rounds 5

Both write Delta with the same session and codec. Spark reads every column as text, with the file's name and the
corrupt-record column; ours adds record numbers, byte spans, a second counter and a sampled audit. The first round of
each warms the JVM and is not counted. The last lines of each case are the ratio of the medians, ours to Spark's, and
the most memory of its own that one of Spark's Python workers held (pages of the file itself are the system's).
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pyspark.sql import functions as F

from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.opening import open_lakehouse
from sales_lakehouse.plan import make_plan
from sales_lakehouse.recording import record_units
from sales_lakehouse.run import Run
from sales_lakehouse.session import get_spark
from sales_lakehouse.specs import SourceSpec
from sales_lakehouse.tables import Lakehouse

PROJECT = Path(__file__).parents[1]
SOURCE = "gift_partner"


def main() -> None:
    """Print seconds per round, medians and the ratio for each number of files."""
    options = _options()
    for files in options.files:
        with tempfile.TemporaryDirectory(prefix="bronze-") as folder:
            _measure(Path(folder), files, options)


def _measure(folder: Path, files: int, options: argparse.Namespace) -> None:
    run = _run(folder)
    units = _land(run, options.megabytes, files)
    lakehouse = open_lakehouse(get_spark(), run, make_plan(run))
    source = run.pipelines.source(SOURCE)

    def ours() -> None:
        record_units(lakehouse, run, source, units)

    def sparks() -> None:
        _read_with_spark(lakehouse, run, source, units)

    seconds: dict[str, list[float]] = {"ours": [], "spark": []}
    peak = _Peak()
    for counted in range(options.rounds + 1):
        for name, work in (("ours", ours), ("spark", sparks)):
            taken = _timed(work)
            if counted:
                seconds[name].append(taken)
            _forget(Path(run.lakehouse_root) / "bronze")
    _report(options.megabytes, files, seconds)
    print(f"peak of a Python worker: {peak.end() / 1e6:,.0f} MB")


def _land(run: Run, megabytes: int, files: int) -> list[Manifest]:
    header, lines = _sample()
    store, units = LandingStore(run.landing_root), []
    copies = megabytes * 1_000_000 // files // len(lines) + 1
    for number in range(files):
        manifest = Manifest(SOURCE, f"{number}.csv", f"2011-01-{number + 1:02}T00:00:00", business_date="2011-01-05")
        # The number in the first line makes each file another content.
        first = f"{number},22776,CAKESTAND,1,2011-01-05 09:11:00,9.95,13126.0,EIRE\n".encode()
        kept = store.put(header + first + lines * copies, manifest)
        if kept:
            units.append(kept)
    return units


def _sample() -> tuple[bytes, bytes]:
    days = sorted((PROJECT / "pipelines/samples/online-retail").glob("*.csv"))
    contents = [day.read_bytes().split(b"\n", 1) for day in days]
    return contents[0][0] + b"\n", b"".join(lines for _, lines in contents)


def _read_with_spark(lakehouse: Lakehouse, run: Run, source: SourceSpec, units: list[Manifest]) -> None:
    ddl = ", ".join([*(f"`{name}` STRING" for name in source.columns), "_corrupt_record STRING"])
    paths = [str(LandingStore(run.landing_root).content_path(unit)) for unit in units]
    rows_df = lakehouse.spark.read.schema(ddl).option("header", True).option("escape", '"').csv(paths)
    rows_df.withColumn("_file", F.input_file_name()).write.format("delta").mode("append").save(
        lakehouse.path("bronze.spark")
    )


def _run(folder: Path) -> Run:
    places = {"lakehouse_root": str(folder), "inbox_root": str(folder), "pipelines_root": str(PROJECT / "pipelines")}
    return Run.of({"run_id": "bench", "started_at": datetime.now(UTC).isoformat(), **places})


class _Peak(threading.Thread):
    """Looks every tenth of a second at what the Python processes below this one hold."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._ended = threading.Event()
        self._bytes = 0
        self.start()

    def run(self) -> None:
        while not self._ended.wait(0.1):
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    if child.name().startswith("python"):
                        memory = child.memory_info()
                        self._bytes = max(self._bytes, memory.rss - memory.shared)

    def end(self) -> int:
        """Stop looking and return the most that one process held, in bytes."""
        self._ended.set()
        self.join()
        return self._bytes


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _forget(bronze: Path) -> None:
    shutil.rmtree(bronze, ignore_errors=True)


def _report(megabytes: int, files: int, seconds: dict[str, list[float]]) -> None:
    for name, taken in seconds.items():
        print(f"{name:<6} {megabytes} MB in {files} files: {', '.join(f'{each:.1f}' for each in taken)} s")
    ours, sparks = (statistics.median(taken) for taken in seconds.values())
    print(f"median {ours:.1f} s to {sparks:.1f} s, ratio {ours / sparks:.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--files", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
