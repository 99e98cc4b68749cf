"""Rules as SQL predicates: the label of a row, and the examples of a failure."""

from __future__ import annotations

import re

from pyspark.sql import Column
from pyspark.sql import functions as F

from sales_lakehouse.bounds import text_literal
from sales_lakehouse.specs import Rule


def predicate(rule: Rule) -> str:
    """Return the SQL that is true for a valid row, and false or NULL for a broken one.

    Raises: ValueError for `unique`, which no single row can tell.
    """
    if rule.kind == "holds":
        return f"({rule.predicate})"
    if rule.kind == "unique":
        raise ValueError(f"rule {rule.name}: unique is judged over the table, not row by row")
    return " AND ".join(_test(rule, f"`{column}`") for column in rule.columns)


def keeps(rule: Rule) -> str:
    """Return the SQL that is true for a row that keeps the rule and false for any other; it is never NULL."""
    return f"coalesce({predicate(rule)}, false)"


def is_of_row(rule: Rule) -> bool:
    """Tell whether a row alone can keep or break the rule."""
    return rule.kind != "unique"


def broken_rules(rules: list[Rule]) -> Column:
    """Return the names of the row rules that a row breaks, as an array; NULL counts as broken."""
    labels = [F.when(~F.expr(keeps(rule)), F.lit(rule.name)) for rule in rules]
    return F.array_compact(F.array(*labels)) if labels else F.array().cast("array<string>")


def _test(rule: Rule, column: str) -> str:
    test = _of_value(rule, column)
    return f"({column} IS NULL OR {test})" if rule.or_null else test


def _of_value(rule: Rule, column: str) -> str:
    if rule.kind == "in_set":
        return f"{column} IN ({', '.join(map(text_literal, rule.values))})"
    if rule.kind == "matches":
        return f"{column} RLIKE {text_literal(whole(rule))}"
    if rule.kind == "between":
        low = f"{column} >= {_literal(rule.minimum)}" if rule.minimum else f"{column} IS NOT NULL"
        return f"{low} AND {column} <= {_literal(rule.maximum)}" if rule.maximum else low
    return f"{column} IS NOT NULL"


def is_number(bound: str) -> bool:
    """Tell whether a bound of `between` is a number; any other is compared as text or time."""
    return re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", bound) is not None


def whole(rule: Rule) -> str:
    r"""Return the rule's pattern for the whole value; `$` would let a line break pass after it, `\z` does not."""
    return rf"^(?:{rule.pattern})\z"


def _literal(text: str | None) -> str:
    return str(text) if is_number(str(text)) else text_literal(str(text))
