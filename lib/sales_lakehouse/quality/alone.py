"""Rules that one value tells without Spark: is it there, among the allowed, within its bounds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sales_lakehouse.quality.predicates import is_number
from sales_lakehouse.specs import Rule

Value = str | int | bool | Decimal | date


def is_judged_alone(rule: Rule) -> bool:
    """Tell whether `keeps` knows the rule; regular expressions and SQL are left to Spark, whose they are."""
    if rule.kind == "between":
        return all(is_number(bound) for bound in (rule.minimum, rule.maximum) if bound)
    return rule.kind in ("not_null", "in_set")


def keeps(rule: Rule, value: Value | None) -> bool:
    """Tell whether a value keeps a rule; NULL breaks it.

    Raises: ValueError for a rule that `is_judged_alone` denies.
    """
    if not is_judged_alone(rule):
        raise ValueError(f"rule {rule.name}: {rule.kind} is judged by Spark")
    if value is None or rule.kind == "not_null":
        return value is not None
    if rule.kind == "in_set":
        return str(value) in rule.values
    number = Decimal(str(value))
    low, high = (Decimal(bound) if bound else number for bound in (rule.minimum, rule.maximum))
    return low <= number <= high
