"""What a day costs as history grows: landing, plan, chain, gates, books and seals of one partner's daily file.

    .venv/bin/python -m benchmarks.increment --days 100 --lines 20000

One Spark, the notebooks' own cells, no runner: the start of kernels, which costs the same every day, is left out. Told
are seconds and CPU seconds of this process and its JVM; on a machine with other work only the latter mean something.
The last lines compare the median of the last five days with that of days two to six, for all and for each step. A
lakehouse of its own warms the JVM first: what is still cold on the first days would flatter the last. As it lives for
a hundred days, it gets the full compiler and collector.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import date, timedelta
from io import StringIO
from itertools import cycle, islice
from pathlib import Path

import psutil

from sales_lakehouse.landing import land_source
from sales_lakehouse.ledger import foreign_commits
from sales_lakehouse.plan import make_plan
from sales_lakehouse.run import Run
from sales_lakehouse.session import get_spark
from tests.samples import SAMPLES, sample_days
from tests.torture.chain import STEPS, parameters_of, run_cells

SOURCE = "gift_partner"
FIRST_DAY = date(2012, 1, 1)
LINES_OF_AN_INVOICE = 20
Costs = dict[str, tuple[float, float]]


def main() -> None:
    """Print each day's cost, then the last five days beside the first five after the first."""
    options = _options()
    os.environ["SPARK_DRIVER_JAVA_OPTIONS"] = "-XX:+UseG1GC"
    get_spark()
    for name, days in (("warm-up", options.warm), ("measured", options.days)):
        with tempfile.TemporaryDirectory(prefix="increment-") as folder:
            costs = [*_days(Path(folder), name, days, options.lines)]
    _compare(costs)


def _days(root: Path, name: str, days: int, lines: int) -> Iterator[Costs]:
    for number in range(1, days + 1):
        costs = _day(root, number, lines)
        seconds, cpu = (sum(each) for each in zip(*costs.values(), strict=True))
        print(f"{name} day {number:>3}: {seconds:6.1f} s, {cpu:6.1f} CPU s", flush=True)
        yield costs


def _day(root: Path, number: int, lines: int) -> Costs:
    given = parameters_of(root, number)
    run = Run.of(given)
    deliver(run.inbox_root / SOURCE, FIRST_DAY + timedelta(days=number), lines)

    def land_and_plan() -> None:
        land_source(run, run.pipelines.source(SOURCE))
        foreign_commits(root)
        make_plan(run)

    costs = {"land and plan": _cost(land_and_plan)}
    with redirect_stdout(StringIO()):
        for step in STEPS:
            costs[step] = _cost(lambda step=step: run_cells(step, given))  # type: ignore[misc]
    return costs


def deliver(inbox: Path, day: date, lines: int) -> None:
    """Write a day of the sample's lines, dealt to invoices of this day alone."""
    header, *sample = (SAMPLES / f"{sample_days()[0]}.csv").read_text().splitlines()
    named = [line for line in sample if line.split(",")[2]]
    inbox.mkdir(parents=True, exist_ok=True)
    rows = (_dated(line, day, place) for place, line in enumerate(islice(cycle(named), lines)))
    (inbox / f"{day}.csv").write_text("\n".join([header, *rows, ""]))


def _dated(line: str, day: date, place: int) -> str:
    rest = line.split(",", 1)[1].replace(sample_days()[0], f"{day}")
    return f"{day:%y%m%d}{place // LINES_OF_AN_INVOICE:05},{rest}"


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    began, cpu = time.perf_counter(), _cpu()
    work()
    return time.perf_counter() - began, _cpu() - cpu


def _cpu() -> float:
    ours = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in (ours, *ours.children(recursive=True)))


def _compare(costs: list[Costs]) -> None:
    early, late = costs[1:6], costs[-5:]
    for name in (*costs[0], "all"):
        pairs = [[_of(day, name, measure) for day in days] for measure in (0, 1) for days in (early, late)]
        seconds, late_seconds, cpu, late_cpu = map(statistics.median, pairs)
        print(
            f"{name:<16} {seconds:6.2f} s to {late_seconds:6.2f} s: {late_seconds / seconds:.2f}; "
            f"{cpu:6.2f} CPU s to {late_cpu:6.2f} CPU s: {late_cpu / cpu:.2f}"
        )


def _of(day: Costs, name: str, measure: int) -> float:
    return sum(cost[measure] for cost in day.values()) if name == "all" else day[name][measure]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--warm", type=int, default=5, help="days of another lakehouse before")
    return parser.parse_args()


if __name__ == "__main__":
    main()
