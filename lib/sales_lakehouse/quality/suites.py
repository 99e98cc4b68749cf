"""Rules as Great Expectations: what a gate asks of a whole table.

Importing Great Expectations takes seconds, so only the gates import this module.
"""

from __future__ import annotations

import logging
import os
import re
from functools import cache

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from sales_lakehouse.quality.predicates import keeps, whole
from sales_lakehouse.specs import Rule

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

# The analytics switch is read at import, so the import comes after it.
import great_expectations as gx
from great_expectations import expectations as gxe
from great_expectations.core.expectation_suite import ExpectationSuite
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.expectations.expectation import Expectation

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")

ENGINE = f"Great Expectations {gx.__version__}"


def batch_of(rows_df: DataFrame, table: str, rules: list[Rule]) -> Batch:
    """Return a DataFrame as what Great Expectations validates; nothing of it is persisted.

    A predicate, or a key of several columns, becomes a column of true and false, so that all rules are one pass over
    the table; as a query of its own, each would be another.
    """
    verdicts = {_verdict_column(rule): _verdict(rule) for rule in rules if _needs_verdict(rule)}
    rows_df = rows_df.withColumns(verdicts) if verdicts else rows_df
    source = _context().data_sources.add_or_update_spark(name=table, persist=False)
    definition = source.add_dataframe_asset(name=table).add_batch_definition_whole_dataframe(table)
    return definition.get_batch(batch_parameters={"dataframe": rows_df})


def rule_of(outcome: ExpectationValidationResult) -> str:
    """Return the name of the rule that an expectation came from."""
    return str(outcome.expectation_config.meta["rule"]) if outcome.expectation_config else "unknown"


@cache
def _context() -> EphemeralDataContext:
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def compile_suite(name: str, rules: list[Rule], columns: list[str] | None = None) -> ExpectationSuite:
    """Return the suite of a table: its columns, then each rule.

    A NULL breaks a rule but passes most expectations, so a rule about values brings its not-null twin, unless it says
    `or_null`.
    """
    suite = gx.ExpectationSuite(name=name)
    if columns is not None:
        agreed = [*columns, *(_verdict_column(rule) for rule in rules if _needs_verdict(rule))]
        matches = gxe.ExpectTableColumnsToMatchSet(column_set=agreed, exact_match=True)
        suite.add_expectation(_tagged(matches, "columns_are_agreed"))
    for rule in rules:
        for expectation in expectations_of(rule):
            suite.add_expectation(_tagged(expectation, rule.name))
    return suite


def expectations_of(rule: Rule) -> list[Expectation]:
    """Return the expectations that together say what the rule says."""
    if _needs_verdict(rule):
        return [gxe.ExpectColumnValuesToBeInSet(column=_verdict_column(rule), value_set=[True])]
    if rule.kind == "unique":
        return [gxe.ExpectColumnValuesToBeUnique(column=rule.columns[0])]
    return [expectation for column in rule.columns for expectation in _of_column(rule, column)]


def _of_column(rule: Rule, column: str) -> list[Expectation]:
    known: list[Expectation] = [] if rule.or_null else [gxe.ExpectColumnValuesToNotBeNull(column=column)]
    if rule.kind == "in_set":
        return [*known, gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(rule.values))]
    if rule.kind == "matches":
        return [*known, gxe.ExpectColumnValuesToMatchRegex(column=column, regex=whole(rule))]
    if rule.kind == "between":
        low, high = (int(bound) if bound else None for bound in (rule.minimum, rule.maximum))
        return [*known, gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)]
    return known


def _needs_verdict(rule: Rule) -> bool:
    """Tell what Great Expectations cannot say exactly: it would read a decimal bound as float, a date as midnight."""
    if rule.kind == "between":
        return not all(_WHOLE.fullmatch(bound) for bound in (rule.minimum, rule.maximum) if bound)
    return rule.kind == "holds" or (rule.kind == "unique" and len(rule.columns) > 1)


def _verdict_column(rule: Rule) -> str:
    return f"_holds_{rule.name}"


def _verdict(rule: Rule) -> Column:
    if rule.kind == "unique":
        return F.count("*").over(Window.partitionBy(*rule.columns)) == 1
    return F.expr(keeps(rule))


def _tagged(expectation: Expectation, rule: str) -> Expectation:
    expectation.meta = {"rule": rule}
    # A suite is a set that leaves meta out of the comparison: without this, of two rules that ask the same of a column
    # (each brings its not-null twin) the second would not be asked, and would seem to hold.
    expectation.description = rule
    return expectation
