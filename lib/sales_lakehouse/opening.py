"""Open the lakehouse of a run, with an engine set for the size of its work."""

from __future__ import annotations

from pyspark.sql import SparkSession

from sales_lakehouse.plan import Plan, make_plan
from sales_lakehouse.run import Run
from sales_lakehouse.session import compile_plans
from sales_lakehouse.tables import Lakehouse


def open_lakehouse(spark: SparkSession, run: Run, plan: Plan | None = None, scratch: str = "") -> Lakehouse:
    """Return the tables of a run's lakehouse; where much is to do, plans are compiled instead of interpreted.

    `plan` is what will be done, by default what is open. `scratch` is where candidates go that nobody will promote.
    """
    judged = (plan or make_plan(run)).judged.values()
    compile_plans(spark, sum(unit.size_bytes for units in judged for unit in units))
    return Lakehouse(spark, run.lakehouse_root, run.run_id, scratch=scratch)
