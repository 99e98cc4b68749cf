"""Rules as SQL predicates by what becomes of a row, for pipelines that judge rows by expectations."""

from __future__ import annotations

from collections.abc import Sequence

from sales_lakehouse.quality.predicates import is_of_row, keeps
from sales_lakehouse.specs import Rule

_ACTIONS = {"warn": "expect", "error": "expect_or_drop", "stop": "expect_or_fail"}
QUARANTINE, QUARANTINED = "expect_or_quarantine", "breaks_a_rule"


def rule_file(rules: Sequence[Rule]) -> dict[str, dict[str, str]]:
    """Return SQL predicates by rule name, grouped by what a pipeline does with a row that does not keep them.

    A row is quarantined exactly when it is dropped: the quarantine's one predicate is the complement of all that drop.
    Rules over several rows have no predicate; `rules_of_tables` names them.
    Nulls: no predicate is ever NULL, a rule that is NULL for a row counts as broken.
    """
    found: dict[str, dict[str, str]] = {}
    for rule in filter(is_of_row, rules):
        found.setdefault(_ACTIONS[rule.severity], {})[rule.name] = keeps(rule)
    dropping = found.get(_ACTIONS["error"])
    if dropping:
        found[QUARANTINE] = {QUARANTINED: f"NOT ({' AND '.join(dropping.values())})"}
    return found


def rules_of_tables(rules: Sequence[Rule]) -> list[str]:
    """Return the names of the rules that speak of several rows, which only a gate can judge."""
    return [rule.name for rule in rules if not is_of_row(rule)]
