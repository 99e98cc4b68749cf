"""Each rule has a row that passes, one that fails, one that is NULL; label and expectation agree on all of them."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sales_lakehouse.quality import Shown, judge_table
from sales_lakehouse.quality.predicates import broken_rules
from sales_lakehouse.specs import Rule

RULES = [
    Rule(name="number_is_there", kind="not_null", columns=("n",)),
    Rule(name="number_is_positive", kind="between", columns=("n",), minimum="1"),
    Rule(name="number_is_small", kind="between", columns=("n",), minimum="-9", maximum="9"),
    Rule(name="word_is_known", kind="in_set", columns=("w",), values=("it's", "b")),
    Rule(name="word_is_short", kind="matches", columns=("w",), pattern="[a-z']{1,4}"),
    Rule(name="word_is_no_number", kind="holds", columns=("w",), predicate="w <> cast(n AS STRING)"),
]
VALID, INVALID, NULL = (5, "it's"), (-10, "-10"), (None, None)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_label_and_expectation_agree_on_valid_invalid_and_null(spark: SparkSession, rule: Rule) -> None:
    verdicts = []
    for row in (VALID, INVALID, NULL):
        frame = spark.createDataFrame([row], "n INT, w STRING")
        labels = frame.select(broken_rules([rule])).collect()[0][0]
        (finding,) = judge_table(frame, "t", [rule])
        assert finding.ok == (labels == [])
        verdicts.append(finding.ok)
    assert verdicts == ([True, True, False] if rule.kind == "not_null" else [True, False, False])


def test_a_row_gets_the_names_of_all_rules_it_breaks(spark: SparkSession) -> None:
    frame = spark.createDataFrame([NULL], "n INT, w STRING").select(broken_rules(RULES))
    assert frame.collect()[0][0] == [rule.name for rule in RULES]


def test_no_rule_labels_nothing(spark: SparkSession) -> None:
    assert spark.range(1).select(F.size(broken_rules([]))).collect()[0][0] == 0


def test_duplicate_keys_are_told_with_the_key(spark: SparkSession) -> None:
    unique = Rule(name="key_is_unique", kind="unique", columns=("k", "l"), severity="stop")
    frame = spark.createDataFrame([("a", 1), ("a", 1), ("b", 1)], "k STRING, l INT")
    (finding,) = judge_table(frame, "t", [unique])
    assert finding.stops
    assert finding.told.startswith("1 row breaks it, for instance k a, l 1")


def test_columns_that_differ_from_the_contract_are_named(spark: SparkSession) -> None:
    findings = judge_table(spark.range(1), "t", [], columns=["id", "amount"])
    assert [(f.rule, f.stops, f.detail) for f in findings] == [
        ("columns_are_agreed", True, "the table and its contract differ in: amount")
    ]


def test_a_warning_does_not_stop(spark: SparkSession) -> None:
    warn = Rule(name="id_is_large", kind="between", columns=("id",), minimum="1", severity="warn")
    (finding,) = judge_table(spark.range(1), "t", [warn])
    assert (finding.ok, finding.stops) == (False, False)


def test_two_rules_that_ask_the_same_are_both_judged(spark: SparkSession) -> None:
    warn = Rule(name="word_is_there", kind="not_null", columns=("w",), severity="warn")
    stop = Rule(name="word_is_short", kind="matches", columns=("w",), pattern="a", severity="stop")
    findings = judge_table(spark.createDataFrame([(None,), ("a",)], "w STRING"), "t", [warn, stop])
    assert [(f.rule, f.ok, f.stops) for f in findings] == [
        ("word_is_there", False, False),
        ("word_is_short", False, True),
    ]


def test_a_broken_row_is_told_without_its_personal_values(spark: SparkSession) -> None:
    numbered = Rule(name="customer_is_numbered", kind="matches", columns=("customer",), pattern="[0-9]+", because="Why")
    frame = spark.createDataFrame([("o1", "Ann"), ("o2", None)], "order_id STRING, customer STRING")
    (finding,) = judge_table(frame, "t", [numbered], shown=Shown(("order_id",), {"customer"}))
    examples = ({"order_id": "o1", "customer": "(masked)"}, {"order_id": "o2", "customer": "None"})
    assert {*map(str, finding.examples)} == {*map(str, examples)}
    assert finding.told.startswith("2 rows break it, for instance order_id ")
    assert finding.told.endswith("(Why)")
    assert "Ann" not in str(finding)
