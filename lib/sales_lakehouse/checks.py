"""What can be known to be wrong before a job of this project starts; the runner asks before every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sales_lakehouse.errors import LakehouseError
from sales_lakehouse.landing.pages import base_url_of, connections_of
from sales_lakehouse.run import Run
from sales_lakehouse.specs import load_pipelines
from sales_lakehouse.specs.unfinished import unfinished

# What the job's tasks give their notebooks themselves, or what a job does not have.
ELSEWHERE = {"run_id": "before-the-run", "lakehouse_root": "elsewhere", "inbox_root": "elsewhere"}


def check(parameters: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a job's parameters and with the declarations; nothing for jobs that read none."""
    if "pipelines_root" not in parameters:
        return []
    asks_apis = "connections" in parameters
    found = list(_said_by(lambda: _check_values(Run.of({**ELSEWHERE, **parameters}), asks_apis)))
    if parameters["pipelines_root"]:
        root = Path(parameters["pipelines_root"])
        found += _said_by(lambda: load_pipelines(root))
        found += filter(None, map(unfinished, sorted((root / "sources").glob("*.yml"))))
    return found


def _check_values(run: Run, asks_apis: bool) -> None:
    """Refuse a source whose API has no address; declarations that cannot be read are told apart from this."""
    if not asks_apis:
        return
    try:
        sources = run.pipelines.sources.values()
    except LakehouseError:
        return
    for source in sources:
        for name in connections_of(source):
            base_url_of(run, source.source, name)


def _said_by(attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except LakehouseError as error:
        yield str(error)
