"""A run in lines of text: what `lakehouse runs` prints of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bundle_runner.record.records import RunRecord
from bundle_runner.record.told import table_uses
from bundle_runner.record.under_way import run_state_words, seconds_so_far


def run_line(record: RunRecord, goes_on: bool) -> str:
    """Return the run in one line."""
    state, seconds = run_state_words(record, goes_on), seconds_so_far(record, goes_on)
    return f"{record.run_id}  {record.job:<20}  {state:<22}  {seconds:6.0f} s"


def published(record: RunRecord) -> Iterator[str]:
    """Say which version of each table the run left to its readers, as its tasks told."""
    told = [task.values.get("published") for task in record.tasks]
    for versions in (found for found in told if isinstance(found, dict)):
        yield ", ".join(f"{table} version {version}" for table, version in sorted(versions.items()))


def written(record: RunRecord) -> Iterator[str]:
    """Say which version of each table the run wrote last, one line per schema."""
    newest: dict[str, dict[str, int]] = defaultdict(dict)
    for use in table_uses(record):
        schema, _, name = use.table.rpartition(".")
        if use.written is not None:
            newest[schema][name] = max(use.written, newest[schema].get(name, 0))
    for schema, versions in sorted(newest.items()):
        tables = ", ".join(f"{name} version {version}" for name, version in sorted(versions.items()))
        yield f"{schema}: {tables}" if schema else tables
