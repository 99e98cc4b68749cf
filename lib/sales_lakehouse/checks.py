"""What can be known to be wrong before a job of this project starts; the runner asks before every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sales_lakehouse.errors import LakehouseError
from sales_lakehouse.run import Run
from sales_lakehouse.specs import load_pipelines
from sales_lakehouse.specs.unfinished import unfinished

# What the job's tasks give their notebooks themselves, or what a job does not have.
ELSEWHERE = {"run_id": "before-the-run", "lakehouse_root": "elsewhere", "inbox_root": "elsewhere"}


def check(parameters: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a job's parameters and with the declarations; nothing for jobs that read none."""
    if "pipelines_root" not in parameters:
        return []
    found = list(_said_by(lambda: Run.of({**ELSEWHERE, **parameters})))
    if parameters["pipelines_root"]:
        root = Path(parameters["pipelines_root"])
        found += _said_by(lambda: load_pipelines(root))
        found += filter(None, map(unfinished, sorted((root / "sources").glob("*.yml"))))
    return found


def _said_by(attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except LakehouseError as error:
        yield str(error)
