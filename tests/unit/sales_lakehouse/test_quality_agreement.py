"""One rule, three uses: the label of a row, the expectation of a gate and the predicate of a pipeline always agree."""

import json
import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sales_lakehouse.commands.sources import sources
from sales_lakehouse.quality.alone import is_judged_alone, keeps
from sales_lakehouse.quality.predicates import broken_rules
from sales_lakehouse.quality.rule_file import rule_file, rules_of_tables
from sales_lakehouse.specs import Rule
from tests.conftest import PIPELINES

DICE = random.Random(20110104)
DDL = "id INT, n INT, m DECIMAL(22,4), w STRING, d DATE, b BOOLEAN"
WORDS = ["", "a", "b", "A", "it's", "a\n", "\na", "a\\b", '"', "ä", "12", " a", "C540113"]
BOUNDS = {
    "n": ["-5", "0", "3", "7", "2.5"],
    "m": ["0", "0.1", "0.3", "-2.5", "99999999999999.1234"],
    "d": ["2011-01-04", "2011-01-05", "2012-02-29"],
    "w": ["a", "b", "it's"],
}
PATTERNS = ["a|b", "[a-z']+", "C?[0-9]+", ".*", "a.?", "\\\\?.", "(?i)A", "[^']*"]
PREDICATES = ["n > 0", "n <> m", "w IS NULL OR n = 3", "b", "NOT b", "d > '2011-01-04' AND n > 0", "n = 0 OR m = 0"]


def maybe(value: Any) -> Any:
    return None if DICE.random() < 0.2 else value


def random_row(number: int) -> tuple[Any, ...]:
    amounts = [Decimal("0"), Decimal("0.1"), Decimal("0.3"), Decimal("-2.5"), Decimal("99999999999999.1235")]
    days = [date(2011, 1, 4), date(2011, 1, 5), date(2012, 2, 29), date(2012, 3, 1)]
    values = (DICE.randint(-9, 9), DICE.choice(amounts), DICE.choice(WORDS), DICE.choice(days), DICE.random() < 0.5)
    return (number, *map(maybe, values))


def random_rule(number: int) -> Rule:
    kind = ["not_null", "in_set", "between", "matches", "holds"][number % 5]
    column = DICE.choice({"in_set": "nwd", "between": "nmdw", "matches": "wn"}.get(kind, "nmwdb"))
    or_null = kind in ("in_set", "between", "matches") and DICE.random() < 0.3
    more: dict[str, Any] = {
        "not_null": {"columns": (column, DICE.choice("nmwdb"))},
        "in_set": {"values": {"n": ("1", "-3"), "w": tuple(DICE.sample(WORDS, 4)), "d": ("2011-01-05",)}.get(column)},
        "between": dict(zip(("minimum", "maximum"), random_bounds(column), strict=True)),
        "matches": {"pattern": DICE.choice(PATTERNS)},
        "holds": {"predicate": DICE.choice(PREDICATES)},
    }[kind]
    return Rule(**{"name": f"r{number}_{kind}", "kind": kind, "columns": (column,), "or_null": or_null, **more})


def random_bounds(column: str) -> list[str | None]:
    low, high = sorted(DICE.sample(BOUNDS.get(column, ["0", "1"]), 2))
    return DICE.choice([[low, high], [low, None], [None, high]])


RULES = [random_rule(number) for number in range(35)]
ROWS = [random_row(number) for number in range(60)]


@pytest.fixture(scope="module")
def labels(spark: SparkSession) -> dict[str, set[int]]:
    """Give the rows that each rule's label marks as broken."""
    labelled = spark.createDataFrame(ROWS, DDL).select("id", broken_rules(RULES).alias("broken")).collect()
    return {rule.name: {row["id"] for row in labelled if rule.name in row["broken"]} for rule in RULES}


def test_the_dice_gave_rules_that_some_rows_keep_and_some_break(labels: dict[str, set[int]]) -> None:
    telling = [rule for rule in RULES if 0 < len(labels[rule.name]) < len(ROWS)]
    assert len(telling) > 18
    assert {rule.kind for rule in telling} == {"not_null", "in_set", "between", "matches", "holds"}


def test_expectations_and_labels_agree_on_every_row(spark: SparkSession, labels: dict[str, set[int]]) -> None:
    from sales_lakehouse.quality.suites import batch_of, compile_suite, rule_of

    batch = batch_of(spark.createDataFrame(ROWS, DDL).coalesce(1), "agreement", RULES)
    asked = {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]}
    broken: dict[str, set[int]] = {rule.name: set() for rule in RULES}
    for outcome in batch.validate(compile_suite("agreement", RULES), result_format=asked).results:
        assert not outcome.exception_info.get("raised_exception"), outcome.exception_info
        found = {row["id"] for row in outcome.result["unexpected_index_list"] or []}
        assert outcome.success == (not found)
        broken[rule_of(outcome)] |= found
    assert broken == labels


def test_predicates_of_the_rule_file_and_labels_agree_on_every_row(
    spark: SparkSession, labels: dict[str, set[int]]
) -> None:
    file = rule_file(RULES)
    asked = {**file["expect_or_drop"], **file["expect_or_quarantine"]}
    verdicts = judged(spark.createDataFrame(ROWS, DDL), asked)
    assert {value for row in verdicts for name, value in row.items() if name != "id"} == {True, False}
    assert {name: {row["id"] for row in verdicts if not row[name]} for name in labels} == labels
    aside = set().union(*labels.values())
    assert {row["id"] for row in verdicts if row["breaks_a_rule"]} == aside


def judged(rows_df: DataFrame, predicates: dict[str, str]) -> list[dict[str, Any]]:
    columns = [F.expr(predicate).alias(name) for name, predicate in predicates.items()]
    return [row.asDict() for row in rows_df.select("id", *columns).collect()]


def test_what_is_told_without_spark_agrees_with_the_labels(labels: dict[str, set[int]]) -> None:
    names = DDL.replace(",", "").split()[::2]
    alone = [rule for rule in RULES if is_judged_alone(rule)]
    assert {rule.kind for rule in alone} == {"not_null", "in_set", "between", "matches"}
    assert any(rule.or_null for rule in alone)
    for rule in alone:
        rows = [dict(zip(names, row, strict=True)) for row in map(list, ROWS)]
        broken = {row["id"] for row in rows if not all(keeps(rule, row[column]) for column in rule.columns)}
        assert broken == labels[rule.name], rule


def test_a_row_is_dropped_told_or_fatal_by_the_rules_severity() -> None:
    rules = [Rule(name=f"n_{s}", kind="not_null", columns=("n",), severity=s) for s in ("warn", "error", "stop")]
    assert rule_file(rules) == {
        "expect": {"n_warn": "coalesce(`n` IS NOT NULL, false)"},
        "expect_or_drop": {"n_error": "coalesce(`n` IS NOT NULL, false)"},
        "expect_or_fail": {"n_stop": "coalesce(`n` IS NOT NULL, false)"},
        "expect_or_quarantine": {"breaks_a_rule": "NOT (coalesce(`n` IS NOT NULL, false))"},
    }


def test_a_rule_over_several_rows_is_named_and_has_no_predicate() -> None:
    unique = Rule(name="key_is_unique", kind="unique", columns=("n",), severity="stop")
    assert rule_file([unique]) == {}
    assert rules_of_tables([unique]) == ["key_is_unique"]


def test_command_prints_the_rules_of_table_and_source() -> None:
    result = CliRunner().invoke(sources, ["rules", "gift_partner", "--bundle", str(PIPELINES)])
    file = json.loads(result.stdout)
    assert {"product_is_named", "quantity_is_a_parcel"} < set(file["expect_or_drop"])
    assert list(file["expect"]) == ["price_is_not_free"]
    assert result.stderr.startswith("line_is_unique speaks of several rows")
