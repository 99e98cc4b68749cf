"""Rules that one value tells without Spark: is it there, among the allowed, within its bounds, of the right form."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sales_lakehouse.quality.patterns import read_alike
from sales_lakehouse.quality.predicates import is_number
from sales_lakehouse.specs import Rule

Value = str | int | bool | Decimal | date


def is_judged_alone(rule: Rule) -> bool:
    """Tell whether `keeps` knows the rule; SQL, and patterns that Python might read otherwise, are left to Spark."""
    if rule.kind == "between":
        return all(is_number(bound) for bound in (rule.minimum, rule.maximum) if bound)
    if rule.kind == "matches":
        return read_alike(rule.pattern or "") is not None
    return rule.kind in ("not_null", "in_set")


def keeps(rule: Rule, value: Value | None) -> bool:
    """Tell whether a value keeps a rule; NULL breaks it, unless the rule says `or_null`.

    Raises: ValueError for a rule that `is_judged_alone` denies.
    """
    if not is_judged_alone(rule):
        raise ValueError(f"rule {rule.name}: {rule.kind} is judged by Spark")
    if value is None or rule.kind == "not_null":
        return value is not None or rule.or_null
    if rule.kind == "in_set":
        return str(value) in rule.values
    if rule.kind == "matches":
        form = read_alike(rule.pattern or "")
        return form is not None and form.fullmatch(str(value)) is not None
    number = Decimal(str(value))
    low, high = (Decimal(bound) if bound else number for bound in (rule.minimum, rule.maximum))
    return low <= number <= high


def expected(rule: Rule) -> str:
    """Say what a valid value is, for a reader of a reason; nothing where any value will do."""
    if rule.kind == "in_set":
        return f"one of {', '.join(rule.values)}"
    if rule.kind == "matches":
        return f"a text like {rule.pattern}"
    bounds = {"at least": rule.minimum, "at most": rule.maximum}
    return " and ".join(f"{word} {bound}" for word, bound in bounds.items() if bound)
