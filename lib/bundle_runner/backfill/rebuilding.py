"""How the project makes dates anew: functions of the group `lakehouse.rebuild`.

Such a function takes the values of the job's parameters for each date, and whether it shall only tell what would
differ. Else it sees to it that the job's next run makes them all anew. It yields lines of text, none where the job is
none of its own, and returns why a run is of no use, as an exit code: 0 where nothing would differ, 3 where a check
would stop it; None where it is of use.
"""

from __future__ import annotations

from collections.abc import Generator
from importlib.metadata import entry_points

from bundle_runner.backfill.foresight import ByDate
from bundle_runner.errors import UsageError

GROUP = "lakehouse.rebuild"
Told = Generator[str, None, int | None]


def ask_rebuild(values: ByDate, dry_run: bool) -> Told:
    """Tell what the project says of making the dates anew; unless it is a dry run, it has asked for it at the end.

    Raises: UsageError where nobody can make them anew; whatever error of the project forbids it.
    """
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        told: Told = entry.load()(values, dry_run)
        for line in told:
            yield line
            return (yield from told)
    raise UsageError(
        f"--rebuild: nothing installed here makes dates of this job anew (entry points {GROUP}); nothing was started; "
        "--again runs the job for dates that have succeeded"
    )
