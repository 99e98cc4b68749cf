"""The page that holds two runs against each other."""

from __future__ import annotations

from pathlib import Path

from bundle_runner.pages.frame import write
from bundle_runner.record.compare import Change, Comparison

TITLES = {
    "parameters": "Parameters",
    "states": "States",
    "records": "Records",
    "rules": "Rules of the gates",
    "tables": "Versions left in tables",
    "flow": "The books as a flow",
    "attempts": "Attempts",
    "seconds": "Seconds",
}


def write_comparison(comparison: Comparison, runs: Path) -> Path:
    """Write the page beside the run folders, and return its path."""
    target = runs / f"compare_{comparison.before.run_id}_{comparison.after.run_id}.html"
    parts = {title: comparison.parts[kind] for kind, title in TITLES.items() if comparison.parts[kind]}
    changed = len(list(comparison.changes))
    write(target, "comparison.html", both=comparison, parts=parts, changed=changed, difference=_difference)
    return target


def _difference(change: Change) -> str:
    """Return by how much a figure grew or shrank; nothing where it is no number on both sides."""
    if not isinstance(change.before, int | float) or not isinstance(change.after, int | float):
        return ""
    by = change.after - change.before
    return f"{round(by, 1) + 0.0:+,.1f}" if isinstance(by, float) else f"{by:+,}"
