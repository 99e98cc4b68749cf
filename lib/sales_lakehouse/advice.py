"""What to do next when a gate stops: the commands that show what it saw, for the last lines of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sales_lakehouse.quality import Finding

_ASIDE = "which deliveries stand aside, and why: `lakehouse units list --state quarantined`"
_CHECK = "what would become of a corrected file, before it is delivered: `lakehouse check {source} FILE`"
_RECORDS = "which records stand aside, where and why: `lakehouse quarantine list --source {source}`"
_LIMIT = "_quarantined_within_limit"


def next_steps(findings: Sequence[Finding]) -> list[str]:
    """Return the commands that help on, each once, in the order of the findings that stop."""
    return list(dict.fromkeys(step for finding in findings if finding.stops for step in _steps(finding)))


def _steps(finding: Finding) -> Iterator[str]:
    layer, _, name = finding.table.partition(".")
    if finding.rule in ("unit_keeps_its_contract", "broken_units_are_settled"):
        yield _ASIDE
        yield _CHECK.format(source=name if layer == "bronze" else "SOURCE")
    elif finding.rule == "refused_within_limit":
        yield from (text.format(source=name) for text in (_RECORDS, _CHECK))
    elif finding.rule.endswith(_LIMIT):
        yield from (text.format(source=finding.rule.removesuffix(_LIMIT)) for text in (_RECORDS, _CHECK))
    elif layer == "gold":
        yield "what was changed: `git diff pipelines/gold`"
        yield f"which lines stand behind a published figure: `lakehouse trace {finding.table} --where COLUMN=VALUE`"
    else:
        yield "whether everything else closes: `lakehouse books --deep`"
