"""Strict casts: exactly what was written, or NULL."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sales_lakehouse.spelling import Spelling
from sales_lakehouse.typing import read_clock, read_exactly

UK = Spelling(".", "yyyy-MM-dd HH:mm:ss", "Europe/London")
EURO = Spelling(",", "dd.MM.yyyy HH:mm", "Europe/Berlin")
GROUPED = Spelling(",", "dd.MM.yyyy HH:mm", "Europe/Berlin", ".")


@pytest.mark.parametrize(
    ("text", "type_name", "spelling", "expected"),
    [
        ("12.50", "DECIMAL(12,4)", UK, Decimal("12.5000")),
        ("12,50", "DECIMAL(12,4)", EURO, Decimal("12.5000")),
        ("-0.01", "DECIMAL(12,4)", UK, Decimal("-0.0100")),
        ("12,50", "DECIMAL(12,4)", UK, None),
        ("1.234,56", "DECIMAL(12,4)", EURO, None),
        ("1.234,56", "DECIMAL(12,4)", GROUPED, Decimal("1234.5600")),
        ("-12.345.678,5", "DECIMAL(12,4)", GROUPED, Decimal("-12345678.5000")),
        ("1234,56", "DECIMAL(12,4)", GROUPED, Decimal("1234.5600")),
        ("1.23,56", "DECIMAL(12,4)", GROUPED, None),
        ("1.2345,6", "DECIMAL(12,4)", GROUPED, None),
        ("1234.567,8", "DECIMAL(12,4)", GROUPED, None),
        (".123", "DECIMAL(12,4)", GROUPED, None),
        ("1,234.5", "DECIMAL(12,4)", GROUPED, None),
        ("1.234", "INT", GROUPED, 1234),
        ("1.23", "INT", GROUPED, None),
        ("9.99999", "DECIMAL(12,4)", UK, None),
        ("123456789", "DECIMAL(12,4)", UK, None),
        ("١٢", "DECIMAL(12,4)", UK, None),
        ("NaN", "DECIMAL(12,4)", UK, None),
        ("1e2", "DECIMAL(12,4)", UK, None),
        (" 7", "INT", UK, None),
        ("7.0", "INT", UK, None),
        ("2147483648", "INT", UK, None),
        ("-7", "INT", UK, -7),
        ("2011-01-05 09:11:00", "DATE", UK, date(2011, 1, 5)),
        ("05.01.2011 00:30", "DATE", EURO, date(2011, 1, 5)),
        ("2011-07-05 09:11:00", "TIMESTAMP", UK, datetime(2011, 7, 5, 8, 11)),
        ("05.01.2011 10:00", "TIMESTAMP", EURO, datetime(2011, 1, 5, 9, 0)),
        ("27.03.2011 02:30", "TIMESTAMP", EURO, None),
        ("2011-02-29 10:00:00", "TIMESTAMP", UK, None),
        ("2011-1-5 9:11:00", "TIMESTAMP", UK, None),
        ("true", "BOOLEAN", UK, True),
        ("yes", "BOOLEAN", UK, None),
        (None, "INT", UK, None),
    ],
)
def test_a_value_is_read_exactly_or_not_at_all(
    spark: SparkSession, text: str | None, type_name: str, spelling: Spelling, expected: object
) -> None:
    texts = spark.createDataFrame([(text,)], "t STRING").withColumn("clock", read_clock(F.col("t"), spelling))
    frame = texts.select(read_exactly(F.col("t"), type_name, spelling, F.col("clock")))
    assert frame.collect()[0][0] == expected
