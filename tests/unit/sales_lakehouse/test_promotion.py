"""Promotion of several tables: what a killed run began, the next one finishes from the candidates."""

import pytest
from pyspark.sql import SparkSession

from sales_lakehouse.plan import Intent, make_plan, read_intent, write_intent
from sales_lakehouse.promotion import roll_forward
from sales_lakehouse.run import Run
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.stages.silver import decide, silver_ddl
from sales_lakehouse.tables import Lakehouse
from tests.conftest import PIPELINES
from tests.unit.sales_lakehouse.test_history import EARLY, LATE, conform


@pytest.fixture
def run(lakehouse: Lakehouse) -> Run:
    places = {"lakehouse_root": lakehouse.root, "inbox_root": "inbox", "pipelines_root": str(PIPELINES)}
    return Run.of({"run_id": "r2", **places})


def test_a_half_promoted_run_is_rolled_forward_once(
    lakehouse: Lakehouse, spark: SparkSession, pipelines: Pipelines, run: Run
) -> None:
    table = pipelines.silver["customers"]
    published = spark.createDataFrame([], silver_ddl(table))
    rows = conform(spark, pipelines, "u1", EARLY, LATE)
    lakehouse.overwrite("candidates.customers", decide(rows, published, table, "r1"))
    write_intent(run, Intent("r1", ["customers"], []))
    assert make_plan(run).in_words() == "a promotion to finish"

    assert roll_forward(lakehouse, run) == ["customers"]
    versions = lakehouse.read("silver.customers").orderBy("valid_from").collect()
    assert [row["is_current"] for row in versions] == [False, True]
    version = lakehouse.version("silver.customers")
    assert read_intent(run) is None
    assert roll_forward(lakehouse, run) == []

    # Killed after the commit and before the end was noted: the same again changes nothing.
    write_intent(run, Intent("r1", ["customers"], []))
    assert roll_forward(lakehouse, run) == ["customers"]
    assert lakehouse.version("silver.customers") == version
