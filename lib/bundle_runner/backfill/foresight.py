"""What the project itself can tell of a backfill before it runs: functions of the group `lakehouse.backfill`.

Such a function takes the values of the job's parameters for each date, and returns a text for those it knows
something of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points

GROUP = "lakehouse.backfill"

ByDate = Mapping[str, Mapping[str, str]]
"""The values of a job's parameters, by ISO date."""


def foreseen(values: ByDate) -> dict[str, str]:
    """Return what all installed functions tell of each date; one that breaks says so, and stops nobody."""
    told: dict[str, list[str]] = {day: [] for day in values}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        for day, words in _told(entry, values):
            told[day].append(words)
    return {day: " · ".join(words) for day, words in told.items()}


def _told(entry: EntryPoint, values: ByDate) -> Iterator[tuple[str, str]]:
    try:
        yield from ((day, str(words)) for day, words in entry.load()(values).items() if day in values)
    except Exception as error:  # noqa: BLE001 it is not ours, and the plan stands without it
        reason = f"{entry.name} ({entry.value}) cannot tell: {type(error).__name__}: {error}"
        yield from ((day, reason[:200]) for day in list(values)[:1])
