"""What notebooks tell their job, as the task values `gates` and `flow` whose shape the job's pages know."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from sales_lakehouse.quality import Finding

MOST_BYTES = 40 * 1024
"""Of the 48 KiB that a task value may have."""
_LONGEST, _LONGEST_VALUE = 400, 80
Value = dict[str, Any]


def tell_gates(findings: list[Finding]) -> list[Value]:
    """Return what a gate found, the broken rules first; of very many rules the last that hold are left out."""
    values = [_finding(finding) for finding in sorted(findings, key=lambda finding: (not finding.stops, finding.ok))]
    while len(json.dumps(values)) > MOST_BYTES:
        values = values[: len(values) * 9 // 10]
    return values


def _finding(finding: Finding) -> Value:
    because = f" ({finding.because})" if finding.because and not finding.ok else ""
    return {
        "table": finding.table,
        "rule": finding.rule,
        "severity": finding.severity,
        "ok": finding.ok,
        "detail": _cut(f"{finding.detail}{because}", _LONGEST),
        "examples": [{name: _cut(value, _LONGEST_VALUE) for name, value in row.items()} for row in finding.examples],
    }


def tell_units(units: pd.DataFrame) -> list[Value]:
    """Return how many records of each source bronze kept, refused, or set aside with their whole unit.

    `units` has one row per source with the columns kept, refused, quarantined.
    """
    places = {"kept": "kept", "refused": "refused", "quarantined": "set aside whole"}
    return [
        {"from": str(source), "to": f"{source}: {place}", "count": int(row[column])}
        for source, row in units.iterrows()
        for column, place in places.items()
        if row[column]
    ]


def tell_dispositions(went: pd.DataFrame) -> list[Value]:
    """Return what became of the kept records of each source. Grain: one per source and disposition with records."""
    columns = (went[name] for name in ("source", "disposition", "records"))
    return [
        {"from": f"{source}: kept", "to": disposition, "count": int(records)}
        for source, disposition, records in zip(*columns, strict=True)
        if records
    ]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
