"""What a run looks at of a table that grows: all that its rows can concern, and a new rule looks at everything."""

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from sales_lakehouse.bounds import bounds_of
from sales_lakehouse.candidates import Candidate
from sales_lakehouse.judged import is_judged, note_judged
from sales_lakehouse.run import Run
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import Pipelines, Rule, SilverSpec
from sales_lakehouse.stages.conform import conform_records
from sales_lakehouse.stages.near import bound_changes, select_near, select_touched
from sales_lakehouse.stages.repairs import as_delivered
from sales_lakehouse.stages.silver import decide, future_of, select_deleted, silver_ddl
from sales_lakehouse.tables import Lakehouse
from sales_lakehouse.verdicts import judge_silver
from tests.chain import Chain
from tests.conftest import PIPELINES
from tests.rows import records_of
from tests.unit.sales_lakehouse.test_fail_points import Failed, There
from tests.unit.sales_lakehouse.test_history import conform
from tests.unit.sales_lakehouse.test_silver import HEADER, dispositions, lines_of, order, page

Delivery = tuple[str, str, str | None, str]  # source, unit, the date it states, content


def gift(unit: str, day: str, *lines: tuple[str, str]) -> Delivery:
    """Return a partner's file that came at the time of its unit's name, with a line for each order number and date."""
    told = [f"{number},22776,A,1,{on} 09:11:00,9.95,,EIRE\n" for number, on in lines]
    return "gift_partner", unit, day, HEADER + "".join(told)


def shop(unit: str, lines: int) -> Delivery:
    """Return a page of the shop with one order."""
    return "online_shop", unit, None, page(order("540001", unit, *((line, unit[1:]) for line in range(1, lines + 1))))


GOOD = "540113,22776,A,1,2011-01-05 09:11:00,9.95,,EIRE"
FAR = gift("t1", "2011-01-03", ("539000", "2011-01-03"))
OLDER = gift("t1", "2011-01-05", ("540800", "2011-01-12"), ("540900", "soon"))
MOVED = gift("t2", "2011-01-12", ("540113", "2011-01-12"))


@pytest.mark.parametrize(
    ("kind", "values", "others"),
    [
        ("STRING", ["it's", "a\\b", 'say "x"'], ["A", "z"]),
        ("STRING", ["${env:HOME}", "${spark.app.name}"], ["/root", "sales"]),
        ("STRING", ["b", None], ["a", "c"]),
        ("STRING", [None], ["a"]),
        ("INT", [-3, 12], [-4, 13, None]),
        ("DATE", [date(2011, 1, 5), date(2011, 2, 1)], [date(2011, 1, 4), None]),
        ("STRING", [], ["a", None]),
    ],
)
def test_bounds_let_every_bounded_value_through_and_none_beyond(
    spark: SparkSession, kind: str, values: list[object], others: list[object]
) -> None:
    frame = partial(local_frame, spark, schema=f"v {kind}")
    bounded_df = frame([(value,) for value in values])
    test = bounds_of(bounded_df, ["v"]).predicate(["v"])
    assert bounded_df.where(test).count() == len(values)
    assert frame([(value,) for value in others]).where(test).count() == 0


def test_a_type_that_no_literal_writes_exactly_has_no_bounds(spark: SparkSession) -> None:
    rows_df = local_frame(spark, [(1.5, "a")], "v DOUBLE, w STRING")
    assert bounds_of(rows_df, ["v", "w"]).predicate(["v", "w"], "t") == "true AND (t.`w` BETWEEN 'a' AND 'a')"


@pytest.mark.parametrize(
    ("before", "arriving", "became"),
    [
        (gift("t2", "2011-01-05", ("540113", "2011-01-05")), OLDER, {"superseded": 2}),
        (gift("t1", "2011-01-05", ("540113", "2011-01-05")), MOVED, {"accepted_update": 1}),
        (shop("t1", 3), shop("t2", 1), {"accepted_update": 1, "deleted": 2}),
    ],
    ids=[
        "an older file, of which no line states its day",
        "a line in another day's file",
        "an order without two lines",
    ],
)
def test_what_a_run_touches_decides_as_the_whole_table_does(
    spark: SparkSession, pipelines: Pipelines, before: Delivery, arriving: Delivery, became: dict[str, int]
) -> None:
    table = pipelines.silver["sale_lines"]
    published = local_frame(spark, [], silver_ddl(table))
    for delivery in (before, FAR):
        published = future_of(published, changes(conformed(spark, pipelines, delivery), published, table), table)
    published, arriving_df = computed(published), computed(conformed(spark, pipelines, arriving))
    touched = select_touched(published, arriving_df, table, [pipelines.source(arriving[0])], [])
    assert "539000" in lines_of(published, "order_id")[0]
    assert "539000" not in str(lines_of(touched, "order_id"))
    assert dispositions(changes(arriving_df, touched, table)) == became
    assert dispositions(changes(arriving_df, published, table)) == became


def test_a_row_is_touched_by_its_scope_also_where_another_column_named_it(
    spark: SparkSession, pipelines: Pipelines
) -> None:
    table, source = pipelines.silver["sale_lines"], pipelines.source("gift_partner")
    nothing = local_frame(spark, [], silver_ddl(table))
    far = future_of(nothing, changes(conformed(spark, pipelines, FAR), nothing, table), table)
    shipped = local_frame(spark, [(date(2011, 1, 12),), (None,), (date(2011, 1, 4),)], "shipped_on DATE")
    arriving = conformed(spark, pipelines, MOVED)
    touched = select_touched(far.crossJoin(shipped), arriving, table, [source], [])
    assert lines_of(touched, "shipped_on") == [(None,), (date(2011, 1, 12),)]


@pytest.mark.parametrize("others", [0, 300])
def test_the_scope_of_a_statement_without_a_row_is_touched(
    spark: SparkSession, pipelines: Pipelines, others: int
) -> None:
    table, source = pipelines.silver["sale_lines"], pipelines.source("gift_partner")
    nothing = local_frame(spark, [], silver_ddl(table))
    published = future_of(nothing, changes(conformed(spark, pipelines, FAR), nothing, table), table)
    arriving = conformed(spark, pipelines, MOVED)
    empty = ["2011-01-03", *(f"2010-{number:03}" for number in range(others))]
    assert not select_touched(published, arriving, table, [source], []).count()
    assert select_touched(published, arriving, table, [source], empty).count() == 1


def conformed(spark: SparkSession, pipelines: Pipelines, delivery: Delivery) -> DataFrame:
    name, unit, day, content = delivery
    source = pipelines.source(name)
    columns = ", ".join(f"`{column}` STRING" for column in source.columns)
    rows = [
        (*[row[column] for column in source.columns], unit, row["_record_no"], unit, day)
        for row in records_of(content.encode(), source)
    ]
    schema = f"{columns}, _unit_id STRING, _record_no BIGINT, received_at STRING, unit_date STRING"
    return conform_records(as_delivered(local_frame(spark, rows, schema)), source, pipelines.silver["sale_lines"])


def changes(arriving: DataFrame, published: DataFrame, table: SilverSpec) -> DataFrame:
    decided = decide(arriving, published, table, "r1")
    return computed(decided.unionByName(select_deleted(decided, published, table, "r1")))


def computed(rows_df: DataFrame) -> DataFrame:
    return rows_df.sparkSession.createDataFrame(rows_df.toArrow(), rows_df.schema)


@pytest.fixture
def candidate(spark: SparkSession, pipelines: Pipelines, lakehouse: Lakehouse) -> Candidate:
    """Publish one seller's order on the 5th; another seller delivers an order of that number on the 6th."""
    twin = Rule(name="numbers_are_shared_by_none", kind="unique", columns=("order_id", "line_number"), severity="stop")
    kept = pipelines.silver["sale_lines"]
    table = kept.model_copy(update={"rules": (*kept.rules, twin)})
    before = conformed(spark, pipelines, gift("u1", "2011-01-05", ("540001", "2011-01-05"), ("540999", "2011-01-05")))
    nothing = local_frame(spark, [], silver_ddl(table))
    lakehouse.overwrite("silver.sale_lines", future_of(nothing, changes(before, nothing, table), table))
    arriving = conformed(spark, pipelines, shop("t2", 1))
    lakehouse.overwrite("candidates.sale_lines", changes(arriving, nothing, table))
    return Candidate(lakehouse, table, "r1")


def test_a_row_is_held_against_old_rows_with_which_it_must_not_agree(candidate: Candidate) -> None:
    broken = {finding.rule: finding.detail for finding in judge_silver(candidate, whole=False) if finding.stops}
    assert broken == {"numbers_are_shared_by_none": "1 row breaks it"}
    assert lines_of(candidate.near_df, "source", "order_id") == [("gift_partner", "540001")]


def test_a_rule_is_asked_of_old_rows_only_where_it_is_new(candidate: Candidate) -> None:
    cheap = Rule(name="cheap", kind="between", columns=("unit_price",), maximum="3", minimum="0", severity="stop")
    stricter = Candidate(candidate.lakehouse, candidate.table.model_copy(update={"rules": (cheap,)}), "r1")
    assert not [finding for finding in judge_silver(stricter, whole=False) if finding.stops]
    assert [finding.rule for finding in judge_silver(stricter, whole=True) if finding.stops] == ["cheap"]


def test_versions_of_an_entity_are_near_one_another(spark: SparkSession, pipelines: Pipelines) -> None:
    table = pipelines.silver["customers"]
    published, arriving = (
        local_frame(spark, rows, "customer_id STRING, valid_from STRING, _disposition STRING")
        for rows in ([("1", "2011", ""), ("1", "2012", ""), ("2", "2011", "")], [("1", "2013", "accepted_new")])
    )
    near = select_near(published, arriving, table, bound_changes(arriving, table))
    assert sorted((row[0], row[1]) for row in near.collect()) == [("1", "2011"), ("1", "2012")]


def test_a_table_counts_as_judged_until_its_rules_change(lakehouse: Lakehouse, pipelines: Pipelines) -> None:
    places = {"lakehouse_root": lakehouse.root, "inbox_root": lakehouse.root, "pipelines_root": f"{PIPELINES}"}
    run, tables = Run.of({"run_id": "r1", **places}), [*pipelines.silver.values()]
    assert not any(is_judged(run, table) for table in tables)
    note_judged(run, tables[:1])
    note_judged(run, tables[1:])
    assert all(is_judged(run, table) for table in tables)
    assert not any(is_judged(run, table.model_copy(update={"rules": table.rules[1:]})) for table in tables)


def test_entities_that_must_differ_are_held_against_one_another(
    spark: SparkSession, pipelines: Pipelines, lakehouse: Lakehouse
) -> None:
    """A version's `valid_to` comes of its neighbours: no change has it, and whole histories answer for it."""
    alone = Rule(name="one_each", kind="unique", columns=("customer_segment", "valid_to"), severity="stop")
    table = pipelines.silver["customers"].model_copy(update={"rules": (alone,)})
    nothing = local_frame(spark, [], silver_ddl(table))
    first, second = (
        decide(conform(spark, pipelines, unit, (unit, "04", "retail")), nothing, table, "r1") for unit in "12"
    )
    lakehouse.overwrite("silver.customers", future_of(nothing, first, table))
    lakehouse.overwrite("candidates.customers", second)
    candidate = Candidate(lakehouse, table, "r1")
    assert [finding.rule for finding in judge_silver(candidate, whole=False) if finding.stops] == ["one_each"]
    assert candidate.bounds.rows == 1


def test_rows_that_only_other_rules_let_pass_are_judged_again(spark: SparkSession, tmp_path: Path) -> None:
    chain = Chain(spark, tmp_path / "lakehouse")
    chain.deliver("2011-01-05.csv", GOOD)
    chain.go()
    assert is_judged(chain.run, chain.run.pipelines.silver["sale_lines"])
    contract = tmp_path / "pipelines/silver/sale_lines.yml"
    strict = contract.read_text()
    contract.write_text(strict.replace("predicate: quantity <> 0", "predicate: quantity > -1000000"))
    assert contract.read_text() != strict
    chain.deliver("2011-01-06.csv", GOOD.replace("01-05", "01-06").replace("540113", "540114"))
    dying = replace(chain.next("r2"), reached=There("after intent", "ops.promotion", armed=True))
    with pytest.raises(Failed):
        dying.go()
    contract.write_text(strict)
    assert not is_judged(chain.run, chain.run.pipelines.silver["sale_lines"])
