"""Silver: one statement wins, what it no longer contains goes, nothing is lost."""

from functools import reduce

import pytest
from pyspark.sql import DataFrame, SparkSession

from sales_lakehouse import books
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import Pipelines, SourceSpec
from sales_lakehouse.stages.conform import conform_records
from sales_lakehouse.stages.repairs import as_delivered
from sales_lakehouse.stages.silver import decide, future_of, select_deleted, silver_ddl
from tests.rows import records_of

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
A, B, C = (
    "540113,22776,CAKESTAND,1,2011-01-05 09:11:00,9.95,13126.0,United Kingdom\n",
    "540113,22222,CAKE PLATE,12,2011-01-05 09:11:00,1.95,13126.0,United Kingdom\n",
    "C540114,22222,CAKE PLATE,-2,2011-01-05 10:00:00,1.95,,EIRE\n",
)
Delivery = tuple[str, str, str]  # unit id, received_at, content


def order(number: str, updated: str, *lines: tuple[int, str]) -> str:
    items = ", ".join(
        f'{{"line": {n}, "sku": "22776", "description": "A", "quantity": 1, "unit_price": {price}, '
        '"sold_at": "2011-01-05T09:11:00"}'
        for n, price in lines
    )
    return (
        f'{{"order_id": "{number}", "version": 1, "status": "completed", "ordered_at": "2011-01-05T09:11:00", '
        f'"updated_at": "{updated}", "customer_id": null, "country": "EIRE", "currency": "GBP", "lines": [{items}]}}'
    )


def conform(spark: SparkSession, pipelines: Pipelines, source: SourceSpec, *deliveries: Delivery) -> DataFrame:
    ddl = ", ".join(f"`{name}` STRING" for name in source.columns)
    rows = [
        (*[row[name] for name in source.columns], unit, row["_record_no"], received, "2011-01-05")
        for unit, received, content in deliveries
        for row in records_of(content.encode(), source)
    ]
    schema = f"{ddl}, _unit_id STRING, _record_no BIGINT, received_at STRING, unit_date STRING"
    return conform_records(as_delivered(local_frame(spark, rows, schema)), source, pipelines.silver["sale_lines"])


def gifts(spark: SparkSession, pipelines: Pipelines, *deliveries: Delivery) -> DataFrame:
    texts = [(unit, received, HEADER + content) for unit, received, content in deliveries]
    return conform(spark, pipelines, pipelines.source("gift_partner"), *texts)


def orders(spark: SparkSession, pipelines: Pipelines, *deliveries: Delivery) -> DataFrame:
    return conform(spark, pipelines, pipelines.source("online_shop"), *deliveries)


def page(*orders: str) -> str:
    return f'{{"orders": [{", ".join(orders)}]}}'


def publish(spark: SparkSession, pipelines: Pipelines, *steps: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Promote one batch after the other; return the last candidate and the table after it."""
    table = pipelines.silver["sale_lines"]
    published = candidate = local_frame(spark, [], silver_ddl(table))
    for number, rows_df in enumerate(steps):
        decided = decide(rows_df, published, table, f"r{number}")
        candidate = decided.unionByName(select_deleted(decided, published, table, f"r{number}"))
        candidate = spark.createDataFrame(candidate.toArrow(), candidate.schema)
        published = spark.createDataFrame(future_of(published, candidate, table).toArrow(), published.schema)
    return candidate, published


def dispositions(candidate: DataFrame) -> dict[str, int]:
    return {row["_disposition"]: row["count"] for row in candidate.groupBy("_disposition").count().collect()}


def lines_of(published: DataFrame, *columns: str) -> list[tuple[object, ...]]:
    wanted = columns or ("order_id", "line_number", "product_id")
    return sorted(map(tuple, published.select(*wanted).collect()), key=str)


def test_a_delivery_becomes_typed_rows(spark: SparkSession, pipelines: Pipelines) -> None:
    _, published = publish(spark, pipelines, gifts(spark, pipelines, ("u1", "t1", A + B + C)))
    assert lines_of(published, "order_id", "line_number", "line_kind", "customer_id") == [
        ("540113", 1, "sale", "13126"),
        ("540113", 2, "sale", "13126"),
        ("C540114", 1, "cancellation", None),
    ]


def test_a_record_that_breaks_a_rule_is_quarantined_with_every_rule(spark: SparkSession, pipelines: Pipelines) -> None:
    bad = "540115,22776,,1,2011-01-05 09:11:00,free,13126.0,EIRE\n"
    candidate, published = publish(spark, pipelines, gifts(spark, pipelines, ("u1", "t1", A + bad)))
    (row,) = candidate.where("_disposition = 'quarantined'").collect()
    assert set(row["_errors"]) == {
        "unit_price_is_readable",
        "price_is_not_negative",
        "amount_is_exact",
        "product_is_named",
    }
    assert lines_of(published) == [("540113", 1, "22776")]


def test_a_date_outside_its_file_is_quarantined(spark: SparkSession, pipelines: Pipelines) -> None:
    candidate, _ = publish(spark, pipelines, gifts(spark, pipelines, ("u1", "t1", A.replace("01-05", "01-06"))))
    assert candidate.collect()[0]["_errors"] == ["business_date_is_the_unit_s"]


@pytest.mark.parametrize(
    ("again", "disposition"),
    [(("u1", "t1", A + B), "accepted_before"), (("u2", "t2", A + B), "unchanged")],
    ids=["the unit is judged again", "another delivery says the same"],
)
def test_the_same_lines_again_change_nothing(
    spark: SparkSession, pipelines: Pipelines, again: Delivery, disposition: str
) -> None:
    first = gifts(spark, pipelines, ("u1", "t1", A + B))
    candidate, _ = publish(spark, pipelines, first, gifts(spark, pipelines, again))
    assert dispositions(candidate) == {disposition: 2}


@pytest.mark.parametrize(("before", "after"), [("13126", ""), ("", "13126")], ids=["it goes", "it comes"])
def test_a_customer_who_comes_or_goes_is_a_change(
    spark: SparkSession, pipelines: Pipelines, before: str, after: str
) -> None:
    line = "540113,22776,CAKESTAND,1,2011-01-05 09:11:00,9.95,{},United Kingdom\n"
    deliveries = [("u1", "t1", line.format(before)), ("u2", "t2", line.format(after))]
    candidate, published = publish(spark, pipelines, *(gifts(spark, pipelines, each) for each in deliveries))
    assert dispositions(candidate) == {"accepted_update": 1}
    assert lines_of(published, "customer_id") == [(after or None,)]


@pytest.mark.parametrize("together", [True, False], ids=["in one run", "in two runs"])
def test_a_corrected_file_replaces_its_day_and_rows_vanish(
    spark: SparkSession, pipelines: Pipelines, together: bool
) -> None:
    old, new = ("u1", "t1", A + B + C), ("u2", "t2", A)
    steps = [gifts(spark, pipelines, old, new)] if together else [gifts(spark, pipelines, d) for d in (old, new)]
    candidate, published = publish(spark, pipelines, *steps)
    assert lines_of(published) == [("540113", 1, "22776")]
    assert dispositions(candidate) == (
        {"superseded": 3, "accepted_new": 1} if together else {"unchanged": 1, "deleted": 2}
    )


def test_an_older_file_that_arrives_late_is_superseded(spark: SparkSession, pipelines: Pipelines) -> None:
    newer, older = ("u2", "t2", A), ("u1", "t1", A + B)
    steps = [gifts(spark, pipelines, delivery) for delivery in (newer, older)]
    candidate, published = publish(spark, pipelines, *steps)
    assert (dispositions(candidate), lines_of(published)) == ({"superseded": 2}, [("540113", 1, "22776")])


def test_any_order_of_arrival_gives_the_same_table(spark: SparkSession, pipelines: Pipelines) -> None:
    deliveries = [("u1", "t1", A), ("u2", "t2", A + B), ("u3", "t3", B + C)]
    wanted = ("source", "order_id", "line_number", "product_id", "_statement", "_content_hash")
    results = []
    for sequence in (deliveries, deliveries[::-1], [deliveries[1], deliveries[2], deliveries[0]]):
        _, published = publish(spark, pipelines, *(gifts(spark, pipelines, delivery) for delivery in sequence))
        results.append([row[:4] for row in lines_of(published, *wanted)])
    assert results[0] == results[1] == results[2]
    assert len(results[0]) == 2


def test_an_order_that_loses_a_line_loses_it_in_silver(spark: SparkSession, pipelines: Pipelines) -> None:
    first = order("540110", "2011-01-05T09:11:00Z", (1, "1.10"), (2, "2.20"))
    second = order("540110", "2011-01-05T10:00:00Z", (1, "1.15"))
    steps = [orders(spark, pipelines, (unit, "t", page(text))) for unit, text in (("u1", first), ("u2", second))]
    candidate, published = publish(spark, pipelines, *steps)
    assert dispositions(candidate) == {"accepted_update": 1, "deleted": 1}
    assert [str(row["line_amount"]) for row in published.collect()] == ["1.1500"]


@pytest.mark.parametrize("batches", [[[0, 1]], [[0], [1]], [[1], [0]]], ids=["together", "in order", "late"])
def test_a_newer_version_that_is_wrong_leaves_the_older_one(
    spark: SparkSession, pipelines: Pipelines, batches: list[list[int]]
) -> None:
    good = ("u1", "t", page(order("540110", "2011-01-05T09:11:00Z", (1, "1.10"))))
    wrong = ("u2", "t", page(order("540110", "2011-01-05T10:00:00Z", (1, "-1.10"))))
    steps = [orders(spark, pipelines, *((good, wrong)[place] for place in batch)) for batch in batches]
    candidate, published = publish(spark, pipelines, *steps)
    assert lines_of(published, "_unit_id", "line_number") == [("u1", 1)]
    assert candidate.where("_unit_id = 'u2' AND _disposition <> 'quarantined'").isEmpty()


@pytest.mark.parametrize(
    "batches", [[[0, 1]], [[0], [1]], [[1], [0]]], ids=["together", "one first", "the other first"]
)
def test_of_two_versions_with_one_time_the_same_one_stands_and_it_is_said(
    spark: SparkSession, pipelines: Pipelines, batches: list[list[int]]
) -> None:
    told = [("u1", "t", page(order("540110", "2011-01-05T09:11:00Z", (1, price)))) for price in ("1.10", "1.20")]
    steps = [orders(spark, pipelines, *(told[place] for place in batch)) for batch in batches]
    candidate, published = publish(spark, pipelines, *steps)
    assert [str(row["line_amount"]) for row in published.collect()] == ["1.1000"]
    assert candidate.where("_tied").count() == 1


def test_an_order_is_quarantined_whole(spark: SparkSession, pipelines: Pipelines) -> None:
    text = page(order("540110", "2011-01-05T09:11:00Z", (1, "1.10"), (2, "-2.20")))
    candidate, _ = publish(spark, pipelines, orders(spark, pipelines, ("u1", "t", text)))
    assert [row["_errors"] for row in candidate.collect()] == [["price_is_not_negative"]] * 2


def test_an_order_without_lines_is_quarantined_not_lost(spark: SparkSession, pipelines: Pipelines) -> None:
    text = page(order("540110", "2011-01-05T09:11:00Z"))
    candidate, _ = publish(spark, pipelines, orders(spark, pipelines, ("u1", "t", text)))
    assert dispositions(candidate) == {"quarantined": 1}


def test_an_order_on_two_pages_counts_once(spark: SparkSession, pipelines: Pipelines) -> None:
    text = order("540110", "2011-01-05T09:11:00Z", (1, "1.10"))
    candidate, published = publish(
        spark, pipelines, orders(spark, pipelines, ("u1", "t", page(text)), ("u2", "t", page(text)))
    )
    assert dispositions(candidate) == {"accepted_new": 1, "duplicate": 1}
    assert published.count() == 1


def test_the_balance_accounts_for_every_record_and_cent(spark: SparkSession, pipelines: Pipelines) -> None:
    bad = "540115,22776,,3,2011-01-05 09:11:00,1.00,13126.0,EIRE\n"
    steps = [
        gifts(spark, pipelines, ("u1", "t1", A + B)),
        gifts(spark, pipelines, ("u2", "t2", A.replace("9.95", "9.96") + bad)),
    ]
    candidate, published = publish(spark, pipelines, *steps)
    balances = books.balance(candidate, pipelines.silver["sale_lines"], "r1")
    found = {row["disposition"]: (row["records"], str(row["amount"])) for row in balances.collect()}
    assert found == {
        "accepted_update": (1, "9.9600"),
        "replaced": (0, "9.9500"),
        "deleted": (0, "23.4000"),
        "quarantined": (1, "3.0000"),
    }
    _, before = publish(spark, pipelines, steps[0])
    assert books.expected_totals(before, balances, "line_amount") == books.totals(published, "line_amount")


def test_sources_never_compete(spark: SparkSession, pipelines: Pipelines) -> None:
    both = [
        gifts(spark, pipelines, ("u1", "t1", A)),
        orders(spark, pipelines, ("u2", "t2", page(order("540113", "2011-01-05T09:11:00Z", (1, "1.10"))))),
    ]
    _, published = publish(spark, pipelines, reduce(DataFrame.unionByName, both))
    assert lines_of(published, "source", "order_id") == [("gift_partner", "540113"), ("online_shop", "540113")]
