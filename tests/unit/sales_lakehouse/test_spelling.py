"""The casts before a delivery and the casts of the chain read the same texts as the same values."""

from itertools import product
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sales_lakehouse import clock
from sales_lakehouse.spelling import Spelling, is_known, is_time, read_text
from sales_lakehouse.typing import read_clock, read_exactly

NUMBERS = [
    *("0", "7", "-7", "+7", "007", "-0", "7.0", "7,0", "7.", ".7", "1.234,56", "1,234.56", "12.50", "12,50", "9.99999"),
    *("1234.5678", "1234.56789", "12345678.9", "123456789", "2147483647", "2147483648", "-2147483648", "-2147483649"),
    *("9223372036854775807", "9223372036854775808", "99999999999999999999", " 7", "7 ", "7\n", "\n7", "1e2", "NaN"),
    *("Infinity", "١٢", "\uff17", "0x1F", "1_000", "--7", "+-7", "+", "-", "", "abc", "7L", "true", "TRUE", "false"),
    *(
        "7d",
        "yes",
        "1" * 40,
        "0.0001",
        "00000000.5",
        "-12.5",
        "+12,5",
        "12.50\n",
        "1'000",
        *("1.234.567", "1.23.456", "1.234,56.7", "1.234.", ".234", "1234.567", "-1.234,5", "12.345.678,9\n"),
        "\u00a07",
        "7\u00a0",
    ),
]
DAYS = [
    *("2011-01-05", "2011-02-29", "2012-02-29", "2011-13-01", "2011-1-5", "0024-02-29", "9999-12-31", "2011-00-10"),
    *("05.01.2011", "5.1.2011", "31.04.2011", "01/05/2011", "1/5/2011", "13/05/2011", "05-Jan-2011", "05-jan-2011"),
    *("05-Sept-2011", "20110105", "110105", "05.01.11", "2011-01-32", "2011/01/05", "1969-12-31"),
]
HOURS = [
    *("", " 09:11", " 9:11", " 09:11:00", "T09:11:00", "t09:11:00", "T09:11:00Z", " 24:00", " 23:59:60", " 00:00"),
    *(" 09:11:00.123", " 09:11:00.123456", " 09:11:00.123456789", " 09:11:00.1", " 9:11 AM", " 09:11 AM", " 09:11 am"),
    *(" 12:30 PM", " 13:30 PM", " 00:30 AM", " 09:11\n", " 09:11 ", "  09:11"),
]
GAPS = [
    "27.03.2011 02:30",
    "27.03.2011 01:59",
    "30.10.2011 02:30",
    "27.03.2011 01:30",
    "03.04.2011 01:45",
    "03.04.2011 02:15",
    "14.10.1582 10:00",
    "15.10.1582 10:00",
    "01.01.1890 00:10",
]
FORMATS = [
    *("yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss'Z'", "dd.MM.yyyy HH:mm"),
    *("d.M.yyyy H:mm", "MM/dd/yyyy hh:mm a", "M/d/yyyy h:mm a", "dd-MMM-yyyy", "yyyyMMdd", "yyMMdd", "dd.MM.yy"),
    *("yyyy-MM-dd HH:mm:ss.SSS", "yyyy-MM-dd HH:mm:ss.SSSSSS", "yyyy-MM-dd HH:mm:ss.SSSSSSSSS", "yyyy/MM/dd"),
]
TIMES = [*(day + hour for day, hour in product(DAYS, HOURS)), *GAPS]
NUMBER_TYPES = ["INT", "BIGINT", "DECIMAL(12,4)", "DECIMAL(9,0)", "BOOLEAN", "STRING"]
MARKS = [(".", None), (",", None), (",", "."), (",", " "), (",", "'"), (",", "\u00a0")]
NUMBER_SPELLINGS = [
    (kind, Spelling(mark, "yyyy", "UTC", group)) for kind, (mark, group) in product(NUMBER_TYPES, MARKS)
]
TIME_SPELLINGS = [
    *((kind, Spelling(".", form, "Europe/Berlin")) for kind, form in product(("DATE", "TIMESTAMP"), FORMATS)),
    *(("TIMESTAMP", Spelling(".", FORMATS[4], zone)) for zone in ("Europe/London", "Australia/Lord_Howe")),
]


@pytest.mark.parametrize(
    ("texts", "spellings"), [(NUMBERS, NUMBER_SPELLINGS), (TIMES, TIME_SPELLINGS)], ids=["numbers", "times"]
)
def test_every_text_is_read_as_spark_reads_it(
    spark: SparkSession, texts: list[str], spellings: list[tuple[str, Spelling]]
) -> None:
    assert all(is_known(*spelling) for spelling in spellings)
    theirs = spark_reads(spark, texts, spellings)
    ours = {(text, s): read_text(text, *s) for text, s in product(texts, spellings)}
    assert sum(value is not None for value in ours.values()) > 80
    assert {key: (value, theirs[key]) for key, value in ours.items() if value != theirs[key]} == {}


def spark_reads(spark: SparkSession, texts: list[str], spellings: list[tuple[str, Spelling]]) -> dict[Any, Any]:
    texts_df = spark.createDataFrame([(text,) for text in texts], "t STRING").coalesce(1)
    clocks = {f"c{n}": read_clock(F.col("t"), s) for n, (kind, s) in enumerate(spellings) if is_time(kind)}
    values = [read_exactly(F.col("t"), kind, s, F.col(f"c{n}")) for n, (kind, s) in enumerate(spellings)]
    rows = texts_df.withColumns(clocks or {"c": F.lit(0)}).select("t", *values).collect()
    return {(row[0], s): value for row in rows for s, value in zip(spellings, row[1:], strict=True)}


@pytest.mark.parametrize(
    "time_format",
    ["yyyy-MM-dd'T'HH:mm:ssXXX", "HH:mm", "yyyy-MM", "yyyy-MM-dd hh:mm", "dMyyyy", "dd.MM.yyyy[ HH:mm]", "", "dd dd"],
    ids=["offset", "no date", "no day", "half day unknown", "numbers touch", "optional", "empty", "twice"],
)
def test_a_pattern_that_is_not_known_whole_is_left_to_spark(time_format: str) -> None:
    assert not clock.knows(time_format)
    assert clock.read("2011-01-05", time_format) is None
