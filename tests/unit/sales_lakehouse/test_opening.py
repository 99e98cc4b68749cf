"""A lakehouse is opened for the size of the work: large plans are compiled, small ones interpreted."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sales_lakehouse.landing import Manifest
from sales_lakehouse.opening import open_lakehouse
from sales_lakehouse.plan import Plan
from sales_lakehouse.run import Run
from sales_lakehouse.session import LARGE_BYTES, compiling
from tests.conftest import PIPELINES

SETTING = "spark.sql.codegen.wholeStage"


@pytest.fixture
def interpreting(spark: SparkSession) -> SparkSession:
    """Give a session of its own: what a large step sets holds until it ends."""
    session = spark.newSession()
    assert session.conf.get(SETTING) == "false"
    return session


def plan_of(size_bytes: int) -> Plan:
    unit = Manifest(source="gift_partner", name="a.csv", received_at="2011-01-05T06:00:00Z", size_bytes=size_bytes)
    return Plan({"gift_partner": [unit]}, definitions_changed=False, landed=1)


@pytest.mark.parametrize(("size_bytes", "compiled"), [(LARGE_BYTES, "true"), (LARGE_BYTES - 1, "false")])
def test_a_step_compiles_where_much_is_to_do(
    interpreting: SparkSession, tmp_path: Path, size_bytes: int, compiled: str
) -> None:
    places = {"lakehouse_root": f"{tmp_path}", "inbox_root": f"{tmp_path}", "pipelines_root": f"{PIPELINES}"}
    lakehouse = open_lakehouse(interpreting, Run.of({"run_id": "r1", **places}), plan_of(size_bytes))
    assert lakehouse.spark.conf.get(SETTING) == compiled


def test_a_large_part_of_a_step_compiles_for_itself(interpreting: SparkSession) -> None:
    with compiling(interpreting, LARGE_BYTES):
        assert interpreting.conf.get(SETTING) == "true"
    assert interpreting.conf.get(SETTING) == "false"
