"""Open the lakehouse of a run, with an engine set for the size of its work."""

from __future__ import annotations

from pyspark.sql import SparkSession

from sales_lakehouse.plan import Plan
from sales_lakehouse.run import Run
from sales_lakehouse.session import compile_plans
from sales_lakehouse.tables import Lakehouse


def open_lakehouse(spark: SparkSession, run: Run, plan: Plan, scratch: str = "") -> Lakehouse:
    """Return the tables of a run's lakehouse; where its plan is to do much, Spark's plans are compiled.

    `scratch` is where candidates go that nobody will promote.
    """
    compile_plans(spark, sum(unit.size_bytes for units in plan.judged.values() for unit in units))
    return Lakehouse(spark, run.lakehouse_root, run.run_id, scratch=scratch)
