"""What a parameter means when a notebook is opened by itself: the bundle's value for target `local`."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from bundle_runner.bundle import Bundle, load_bundle
from bundle_runner.errors import BundleError, UsageError

TARGET = "local"


@lru_cache
def _bundle_around(start: Path) -> Bundle | None:
    try:
        return load_bundle(start, TARGET)
    except UsageError:
        return None  # no bundle around the notebook, or one without this target


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
