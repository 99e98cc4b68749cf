"""The Spark session: the one module that knows which engine runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession


def get_spark() -> SparkSession:
    """Return the session that is already there, or build a local one.

    A kernel of the runner, Databricks and EMR have a session. Elsewhere (JupyterLab, tests) Spark starts
    from this environment's own Spark home, whatever SPARK_HOME the shell carries.
    """
    return SparkSession.getActiveSession() or _local_session()


def _local_session() -> SparkSession:
    home = Path(sys.prefix) / "spark"
    if home.is_dir():
        os.environ["SPARK_HOME"] = str(home)
        os.environ["SPARK_CONF_DIR"] = str(home / "conf")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return SparkSession.builder.appName("sales_lakehouse").getOrCreate()
