"""The chain on one Spark, without a runner: the notebooks' own cells, one notebook after the other.

A run of the job costs a process and a kernel for every step; where hundreds of runs are wanted, only the cells count.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import nbformat

from sales_lakehouse.landing import land_source
from sales_lakehouse.plan import make_plan
from sales_lakehouse.run import Run
from tests.torture.world import BUNDLE, pipelines_of

STEPS = ("20_bronze", "25_gate_bronze", "30_silver", "35_gate_silver", "40_gold", "45_gate_gold")
FIRST_RUN = datetime(2011, 2, 1, tzinfo=UTC)


def apply_landed(root: Path, number: int) -> bool:
    """Let the n-th run apply what has landed and is not applied yet; tell whether there was anything."""
    given = parameters_of(root, number)
    if not make_plan(Run.of(given)).work:
        return False
    for step in STEPS:
        run_cells(step, given)
    return True


def land(root: Path, shop_url: str) -> None:
    """Land what partners have dropped and the shop tells."""
    run = Run.of({**parameters_of(root, 0), "connections": json.dumps({"shop_api": shop_url})})
    for source in run.pipelines.sources.values():
        land_source(run, source)


def parameters_of(root: Path, number: int) -> dict[str, str]:
    """Return what the job would give to the notebooks in the n-th run; one run follows the other by an hour."""
    return {
        "run_id": f"run-{number:03}",
        "started_at": (FIRST_RUN + timedelta(hours=number)).isoformat(),
        "lakehouse_root": f"{root}",
        "inbox_root": f"{root / 'inbox'}",
        "pipelines_root": f"{pipelines_of(root)}",
    }


def run_cells(step: str, given: dict[str, str]) -> None:
    """Run a notebook's code cells in a namespace of their own, with values for its parameters."""
    mpl.use("agg")
    names: dict[str, Any] = {}
    for number, (is_parameters, code) in enumerate(_cells(step)):
        exec(compile(code, f"{step}, code cell {number}", "exec"), names)
        if is_parameters:
            names.update(given)
    mpl.pyplot.close("all")


@cache
def _cells(step: str) -> list[tuple[bool, str]]:
    node = nbformat.read(BUNDLE / "notebooks" / f"{step}.ipynb", as_version=4)
    return [
        ("parameters" in cell.metadata.get("tags", ()), cell.source) for cell in node.cells if cell.cell_type == "code"
    ]
