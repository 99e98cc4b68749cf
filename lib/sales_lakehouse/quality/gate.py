"""Judge a table by Great Expectations, and say what broke in words."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from pyspark.sql import DataFrame

from sales_lakehouse.quality.predicates import is_of_row, keeps
from sales_lakehouse.specs import Rule
from sales_lakehouse.wording import counted

_UNIT_ID = re.compile("[0-9a-f]{64}")
_OF_ID = 12
_EXAMPLES = 3
MASKED = "(masked)"


@dataclass(frozen=True)
class Shown:
    """By which columns a broken row is told, and which of all columns are told only as masked."""

    columns: tuple[str, ...] = ()
    personal: Collection[str] = ()


@dataclass(frozen=True)
class Finding:
    """What a gate found about one rule of one table; `examples` are broken rows, personal values masked."""

    table: str
    rule: str
    severity: str
    ok: bool
    detail: str = ""
    examples: tuple[dict[str, str], ...] = ()
    because: str = ""

    @property
    def stops(self) -> bool:
        """Tell whether the finding holds the gate shut."""
        return not self.ok and self.severity != "warn"

    @property
    def told(self) -> str:
        """Return the detail with its examples and the rule's reason, as one sentence."""
        rows = "; ".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in self.examples)
        return self.detail + (f", for instance {rows}" if rows else "") + (f" ({self.because})" if self.because else "")

    def as_row(self) -> dict[str, str | bool]:
        """Return the finding as a row of a table for people."""
        about = {"table": self.table, "rule": self.rule, "severity": self.severity}
        return {**about, "ok": self.ok, "detail": self.told}


def sum_up(findings: list[Finding]) -> str:
    """Say in one line how many rules hold, and which only warn."""
    warned = [finding.rule for finding in findings if not finding.ok and not finding.stops]
    told = f", warned: {', '.join(warned)}" if warned else ""
    return f"{sum(finding.ok for finding in findings)} of {len(findings)} rules hold{told}"


def judge_table(
    rows_df: DataFrame, table: str, rules: list[Rule], columns: list[str] | None = None, shown: Shown | None = None
) -> list[Finding]:
    """Run the rules' suite over a table and return one finding per rule.

    Examples of broken rows are fetched only where a gate stops.
    """
    results = _validate(rows_df, table, rules, columns)
    by_name = {rule.name: rule for rule in rules}
    findings = []
    for name, ok in results.items():
        rule = by_name.get(name)
        if rule and not ok:
            findings.append(_broken(rows_df, table, rule, shown or Shown()))
        else:
            detail = "" if ok else _columns_off(rows_df, columns or [])
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


def _broken(rows_df: DataFrame, table: str, rule: Rule, shown: Shown) -> Finding:
    if is_of_row(rule):
        broken_df = rows_df.where(f"NOT {keeps(rule)}")
    else:
        broken_df = rows_df.groupBy(*rule.columns).count().where("count > 1")
    examples = () if rule.severity == "warn" else _examples(broken_df, [*shown.columns, *rule.columns], shown.personal)
    told = f"{counted(broken_df.count(), 'row', 'break')} it"
    return Finding(table, rule.name, rule.severity, ok=False, detail=told, examples=examples, because=rule.because)


def _examples(broken_df: DataFrame, columns: list[str], personal: Collection[str]) -> tuple[dict[str, str], ...]:
    wanted = [name for name in dict.fromkeys(columns) if name in broken_df.columns]
    rows = broken_df.select(*wanted).limit(_EXAMPLES).collect() if wanted else []
    return tuple({name: _shown(row[name], name in personal) for name in wanted} for row in rows)


def _shown(value: object, personal: bool) -> str:
    """Return a value as an example tells it; that there is none is told of a personal value, too.

    Of a unit's id it is the beginning, by which the commands find it.
    """
    if personal and value is not None:
        return MASKED
    return f"{value}"[:_OF_ID] if _UNIT_ID.fullmatch(f"{value}") else f"{value}"


def _columns_off(rows_df: DataFrame, columns: list[str]) -> str:
    off = sorted(set(rows_df.columns) ^ set(columns))
    return f"the table and its contract differ in: {', '.join(off)}"
