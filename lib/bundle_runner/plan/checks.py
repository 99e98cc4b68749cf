"""What the project itself checks before a run: functions of the entry-point group `lakehouse.checks`.

A check takes the job's parameters with their values and returns a sentence for each thing that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points

GROUP = "lakehouse.checks"


def findings(parameters: Mapping[str, str]) -> list[str]:
    """Return what all installed checks find; a check that breaks is a finding, too."""
    return [text for entry in _installed() for text in _found(entry, parameters)]


def _installed() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda entry: entry.name)


def _found(entry: EntryPoint, parameters: Mapping[str, str]) -> Iterator[str]:
    try:
        yield from entry.load()(parameters)
    except Exception as error:  # noqa: BLE001 it is not ours, and what it would have found is not known
        yield f"check {entry.name} ({entry.value}) failed: {type(error).__name__}: {error}"
