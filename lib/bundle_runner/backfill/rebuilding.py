"""How the project makes dates anew: functions of the group `lakehouse.rebuild`.

Such a function takes the values of the job's parameters for each date, and whether it shall only tell what would
differ. Else it sees to it that the job's next run makes them all anew. It returns lines of text, none where the job is
none of its own.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from bundle_runner.backfill.foresight import ByDate
from bundle_runner.errors import UsageError

GROUP = "lakehouse.rebuild"


def ask_rebuild(values: ByDate, dry_run: bool) -> list[str]:
    """Return what the project tells of making the dates anew; unless it is a dry run, it has asked for it then.

    Raises: UsageError where nobody can make them anew; whatever error of the project forbids it.
    """
    functions = [entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)]
    if told := [str(line) for function in functions for line in function(values, dry_run)]:
        return told
    raise UsageError(
        f"--rebuild: nothing installed here makes dates of this job anew (entry points {GROUP}); nothing was started; "
        "--again runs the job for dates that have succeeded"
    )
