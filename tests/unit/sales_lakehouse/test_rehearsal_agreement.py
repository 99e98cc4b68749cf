"""What a rehearsal says of a record is what silver's judgement says of it, as far as one record can tell."""

from datetime import date

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sales_lakehouse.rehearsal.values import Judge
from sales_lakehouse.specs import Pipelines, SourceSpec
from sales_lakehouse.stages.conform import conform_records
from sales_lakehouse.stages.repairs import as_delivered
from tests.rows import Row, records_of

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINES = [
    *("540113,22776,CAKESTAND,1,2011-01-05 09:11:00,9.95,13126.0,United Kingdom", ",,,,,,,"),
    *('540113,22776,"  ",1,2011-01-05 09:11:00,9.95,,EIRE', "540113,22776,\u00a0,1,2011-01-05 09:11:00,9.95,,EIRE"),
    *("1,2, A ,7.0,2011-01-05 09:11:00,9.95,1,EIRE", '1,2,A,1,2011-01-05 09:11:00,"9,95",1,EIRE'),
    *("1,2,A,1,2011-03-27 01:30:00,9.95,1,EIRE", "1,2,A,1,2011-01-06 00:00:00,9.95,1,EIRE"),
    *("1,2,A,100001,2011-01-05 09:11:00,9.95,1,EIRE", "1,2,A,1,2011-01-05 09:11:00,-0.01,1,EIRE"),
    *("1,2,A,1,2011-01-05 09:11:00,9.95,.0,EIRE", "1,2,A,1,2011-01-05 09:11:00,9.95,1.0.0,EIRE"),
    *("1,2,A,1,2011-01-05 09:11:00,9.95,1,", "1,2,A,1,2011-01-05T09:11:00,9.95,1,EIRE"),
]
ITEM = '{"line": 1, "sku": "A", "description": "b", "quantity": 1, "unit_price": 1.5, "sold_at": "2011-01-05T09:00:00"}'
ITEMS = [
    *(f"[{ITEM}]", f"[{ITEM}, {ITEM}]", "[]", "null", '"text"', "{}", ITEM, "[1]", "[null]", f"[{ITEM}, null]"),
    *(f"[{ITEM.replace('1.5', '1e1')}]", f"[{ITEM.replace('1.5', 'true')}]", f"[{ITEM.replace('1.5', 'null')}]"),
    *('[{"sku": "A"}]', f"[{ITEM.replace('1.5', '[1]')}]", f"[{ITEM.replace('quantity', 'Quantity')}]"),
    *(f"[{ITEM.replace('1.5', '0.00005')}]", f"[{ITEM.replace('09:00:00', '9:00:00')}]", f"[[{ITEM}]]"),
]
ORDER = (
    '{{"order_id": "1", "version": 1, "status": "new", "ordered_at": "2011-01-05T09:00:00", "updated_at": "u", '
    '"customer_id": {}, "country": "EIRE", "currency": "{}", "lines": {}}}'
)
ORDERS = [*(ORDER.format("null", "GBP", items) for items in ITEMS), ORDER.format(7, "USD", ITEMS[0])]
PAGE = f'{{"orders": [{", ".join(ORDERS)}]}}'


def table_of(spark: SparkSession, rows: list[Row], source: SourceSpec) -> DataFrame:
    ddl = ", ".join(f"`{name}` STRING" for name in source.columns)
    values = [(*[row[name] for name in source.columns], "u", row["_record_no"], "t", "2011-01-05") for row in rows]
    schema = f"{ddl}, _unit_id STRING, _record_no BIGINT, received_at STRING, unit_date STRING"
    return as_delivered(spark.createDataFrame(values, schema))


@pytest.mark.parametrize(
    ("name", "content"),
    [("gift_partner", HEADER + "".join(f"{line}\n" for line in LINES)), ("online_shop", PAGE)],
    ids=["lines", "orders"],
)
def test_a_rehearsal_refuses_the_records_that_silver_refuses(
    spark: SparkSession, pipelines: Pipelines, name: str, content: str
) -> None:
    source, table = pipelines.source(name), pipelines.silver["sale_lines"]
    judge, rows = Judge(source, table, date(2011, 1, 5)), records_of(content.encode(), source)
    judged_df = conform_records(table_of(spark, rows, source), source, table)
    asked_df = judged_df.select("_record_no", F.explode("_errors").alias("rule"))
    theirs = {row["_record_no"] for row in asked_df.collect() if row["rule"] not in judge.later()}
    ours = {row["_record_no"]: judge.reasons(row) for row in rows}
    assert len(rows) == len(LINES if name == "gift_partner" else ORDERS)
    assert {number: reasons for number, reasons in ours.items() if bool(reasons) != (number in theirs)} == {}
    assert 0 < len(theirs) < len(rows)


def test_two_columns_may_come_from_one_field_of_a_list(spark: SparkSession, pipelines: Pipelines) -> None:
    said = pipelines.source("online_shop").model_dump(by_alias=True)
    said["silver"]["columns"]["product_name"] = {"from": "lines.sku"}
    source = SourceSpec.model_validate(said)
    rows = records_of(PAGE.encode(), source)[:1]
    (row,) = conform_records(table_of(spark, rows, source), source, pipelines.silver["sale_lines"]).collect()
    assert (row["product_id"], row["product_name"]) == ("A", "A")
