"""What a parameter means when a notebook is opened by itself: the bundle's value for target `local`."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from bundle_runner.bundle.load import Bundle, load_bundle
from bundle_runner.errors import BundleError, RunnerError, UsageError
from bundle_runner.plan.prepare import runs_folder

TARGET = "local"


@lru_cache
def _bundle_around(start: Path) -> Bundle | None:
    try:
        return load_bundle(start, TARGET)
    except UsageError:
        return None  # no bundle around the notebook, or one without this target


def runs_around(start: Path) -> Path | None:
    """Return the folder of the runs of the bundle around a place; None where there is none, or it is broken."""
    with suppress(RunnerError):
        bundle = _bundle_around(start.resolve())
        return runs_folder(bundle.local_root()) if bundle else None
    return None


def value_for(name: str, start: Path) -> str:
    """Return the default of the job parameter, else the variable of that name, else an empty text."""
    bundle = _bundle_around(start)
    if bundle is None:
        return ""
    value = _job_parameter(bundle, name)
    if value is None and name in bundle.variables:
        value = str(bundle.value(name))
    return "" if value is None or "{{" in value else value


def _job_parameter(bundle: Bundle, name: str) -> str | None:
    for key in bundle.job_keys:
        with suppress(BundleError):  # a job that this runner cannot run says nothing of its parameters
            for parameter in bundle.job(key).parameters:
                if parameter.name == name:
                    return parameter.default
    return None
