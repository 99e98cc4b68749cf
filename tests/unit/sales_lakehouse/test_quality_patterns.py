"""A pattern that is said to be read alike is read alike by Java, whose Spark's are, and by Python."""

import random

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sales_lakehouse.quality.patterns import read_alike
from sales_lakehouse.quality.predicates import predicate
from sales_lakehouse.specs import Rule

DICE = random.Random(540113)
PIECES = [
    "C?",
    "[0-9]+",
    "[^a-c]",
    r"\d{2,3}",
    ".",
    ".*",
    "(?:ab|c)",
    "(a|)",
    r"\w",
    r"\s",
    r"\.",
    "[.+-]",
    "a{2}",
    "x*?",
]
LETTERS = [*"aAbcCx019.-+_ ", "\n", "\r", "\u0085", "\u2028", "\t", "\x0b", "ä", "\u0663", "😀", "\u00a0"]
PATTERNS = sorted({"".join(DICE.choices(PIECES, k=DICE.randint(1, 4))) for _ in range(80)})
TEXTS = sorted(
    {"".join(DICE.choices(LETTERS, k=DICE.randint(0, 5))) for _ in range(400)} | {"C12", "540113", "ab", "aa"}
)


def test_spark_and_python_agree_on_every_text(spark: SparkSession) -> None:
    rules = [Rule(name=f"r{n}", kind="matches", columns=("w",), pattern=p) for n, p in enumerate(PATTERNS)]
    texts_df = spark.createDataFrame([(text,) for text in TEXTS], "w STRING")
    row = texts_df.select(
        *(F.collect_list(F.when(F.expr(predicate(r)), F.col("w"))).alias(r.name) for r in rules)
    ).head()
    assert row is not None
    theirs = {pattern: sorted(row[f"r{n}"]) for n, pattern in enumerate(PATTERNS)}
    ours = {p: [text for text in TEXTS if (read := read_alike(p)) and read.fullmatch(text)] for p in PATTERNS}
    assert sum(map(bool, theirs.values())) > len(PATTERNS) / 2
    assert ours == theirs


@pytest.mark.parametrize(
    "pattern",
    ["^a", "a$", "(?i)a", "(?=a)b", r"(a)\1", "[a[b]]", "[a&&b]", "ä", r"\p{L}", r"\bx", "a{2", "(a", "[]a]", "*a"],
)
def test_what_might_be_read_differently_is_left_to_spark(pattern: str) -> None:
    assert read_alike(pattern) is None
