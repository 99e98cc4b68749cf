"""What is said when a gate stops: what broke, what is published and what is not, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sales_lakehouse.quality import Finding
from sales_lakehouse.specs import SourceSpec

_LEFT = {
    "gate_bronze": "Nothing was promoted: silver and gold are as they were, bronze keeps what was read.",
    "gate_silver": "Nothing was promoted: silver and gold are as they were, the candidate was not published.",
    "gate_gold": "Gold was not promoted and is as it was; silver is ahead of it: gate_silver had let this run's "
    "records through, and they stay published there.",
}

_ASIDE = "which deliveries stand aside, and why: `lakehouse units list --state quarantined`"
_CHECK = "what would become of a corrected file, before it is delivered: `lakehouse check {source} FILE`"
_RECORDS = "which records stand aside, where and why: `lakehouse quarantine list --source {source}`"
_LIMIT = "_quarantined_within_limit"


def explain(gate: str, findings: Sequence[Finding], next_step: str) -> str:
    """Say why a gate stays shut: each broken rule, what is published and what is not, what to do next."""
    broken = "; ".join(f"{f.table}, rule {f.rule}: {f.told}" for f in findings if f.stops)
    return f"{gate}: {broken}. {_LEFT[gate]} {next_step}"


def after_bronze(findings: Sequence[Finding], breaking: Sequence[SourceSpec]) -> str:
    """Say what the next run does after gate_bronze stopped; `breaking` are the sources of the quarantined units."""
    rules = {finding.rule for finding in findings if finding.stops}
    if "broken_units_are_settled" in rules or any(source.on_breaking == "stop" for source in breaking):
        return "No run passes this gate until each quarantined unit is settled; then `lakehouse run sales_daily`."
    if rules == {"unit_keeps_its_contract"}:
        return "The quarantined units stand aside; `lakehouse run sales_daily` applies the others."
    return "The next run judges these units once more: mend the cause first, then `lakehouse run sales_daily`."


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
