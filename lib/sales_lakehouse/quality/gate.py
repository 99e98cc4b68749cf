"""Judge a table by Great Expectations, and say what broke in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyspark.sql import DataFrame

from sales_lakehouse.quality.predicates import is_of_row, keeps
from sales_lakehouse.specs import Rule
from sales_lakehouse.wording import counted

_UNIT_ID = re.compile("[0-9a-f]{64}")
_OF_ID = 12
_EXAMPLES = 3


@dataclass(frozen=True)
class Finding:
    """What a gate found about one rule of one table."""

    table: str
    rule: str
    severity: str
    ok: bool
    detail: str = ""

    @property
    def stops(self) -> bool:
        """Tell whether the finding holds the gate shut."""
        return not self.ok and self.severity != "warn"


def sum_up(findings: list[Finding]) -> str:
    """Say in one line how many rules hold, and which only warn."""
    warned = [finding.rule for finding in findings if not finding.ok and not finding.stops]
    told = f", warned: {', '.join(warned)}" if warned else ""
    return f"{sum(finding.ok for finding in findings)} of {len(findings)} rules hold{told}"


def judge_table(
    rows_df: DataFrame, table: str, rules: list[Rule], columns: list[str] | None = None, show: tuple[str, ...] = ()
) -> list[Finding]:
    """Run the rules' suite over a table and return one finding per rule.

    `show` names the columns by which an example row is told; examples are fetched only where a gate stops.
    """
    results = _validate(rows_df, table, rules, columns)
    by_name = {rule.name: rule for rule in rules}
    findings = []
    for name, ok in results.items():
        rule = by_name.get(name)
        detail = "" if ok else (_broken(rows_df, rule, show) if rule else _columns_off(rows_df, columns or []))
        findings.append(Finding(table, name, rule.severity if rule else "stop", ok, detail))
    return findings


def _validate(rows_df: DataFrame, table: str, rules: list[Rule], columns: list[str] | None) -> dict[str, bool]:
    from sales_lakehouse.quality.suites import batch_of, compile_suite, rule_of

    batch = batch_of(rows_df, table, rules)
    result = batch.validate(compile_suite(table, rules, columns), result_format="BOOLEAN_ONLY")
    verdict: dict[str, bool] = {}
    for outcome in result.results:
        name = rule_of(outcome)
        verdict[name] = verdict.get(name, True) and bool(outcome.success)
    return verdict


def _broken(rows_df: DataFrame, rule: Rule, show: tuple[str, ...]) -> str:
    if is_of_row(rule):
        broken_df = rows_df.where(f"NOT {keeps(rule)}")
    else:
        broken_df = rows_df.groupBy(*rule.columns).count().where("count > 1")
    examples = "" if rule.severity == "warn" else _examples(broken_df, [*show, *rule.columns])
    return f"{counted(broken_df.count(), 'row', 'break')} it{examples}" + (f" ({rule.because})" if rule.because else "")


def _examples(broken_df: DataFrame, columns: list[str]) -> str:
    wanted = [name for name in dict.fromkeys(columns) if name in broken_df.columns]
    rows = broken_df.select(*wanted).limit(_EXAMPLES).collect() if wanted else []
    return ", for instance " + "; ".join(", ".join(f"{name} {_shown(row[name])}" for name in wanted) for row in rows)


def _shown(value: object) -> str:
    """Return a value for a sentence: of a unit's id the beginning, by which the commands find it."""
    return f"{value}"[:_OF_ID] if _UNIT_ID.fullmatch(f"{value}") else f"{value}"


def _columns_off(rows_df: DataFrame, columns: list[str]) -> str:
    off = sorted(set(rows_df.columns) ^ set(columns))
    return f"the table and its contract differ in: {', '.join(off)}"
