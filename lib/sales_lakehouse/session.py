"""The Spark session: the one module that knows which engine runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

LARGE_BYTES = 16 * 2**20
"""From here on compiling a plan pays: 50 MB took 9 s compiled, 54 s interpreted (benchmarks/bronze.py)."""
_COMPILED = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}


def get_spark() -> SparkSession:
    """Return the session that is already there, or build a local one.

    A kernel of the runner, Databricks and EMR have a session. Elsewhere (JupyterLab, tests) Spark starts
    from this environment's own Spark home, whatever SPARK_HOME the shell carries.
    """
    return SparkSession.getActiveSession() or _local_session()


@contextmanager
def spark_for_now() -> Iterator[SparkSession]:
    """Give the session that is already there, or one that ends with the work."""
    found = SparkSession.getActiveSession()
    spark = found or get_spark()
    try:
        yield spark
    finally:
        if found is None:
            spark.stop()


def local_frame(spark: SparkSession, rows: Sequence[Sequence[Any]], schema: str | StructType) -> DataFrame:
    """Return a few rows as a frame that the optimizer can see through.

    Classic Spark makes an RDD of a list, whose size no plan knows; an Arrow table is a local relation.
    """
    struct: Any = schema if isinstance(schema, StructType) else StructType.fromDDL(schema)
    fields = list(to_arrow_schema(struct))
    columns = [pa.array([row[place] for row in rows], field.type) for place, field in enumerate(fields)]
    table: Any = pa.Table.from_arrays(columns, names=[field.name for field in fields])
    frame: DataFrame = spark.createDataFrame(table, struct)  # a form that pyspark's stubs lack
    return frame


def compile_plans(spark: SparkSession, size_bytes: int) -> None:
    """Compile the plans of this session from here on, where the work is large: for a day's rows it takes too long."""
    # Only what the local profile turned off is set: a workspace may not let a session set it.
    for name, value in _COMPILED.items() if size_bytes >= LARGE_BYTES else ():
        if spark.conf.get(name, value) != value:
            spark.conf.set(name, value)


@contextmanager
def compiling(spark: SparkSession, size_bytes: int) -> Iterator[None]:
    """Compile the plans of one part of a session's work, where that part is large."""
    before = {name: spark.conf.get(name, value) for name, value in _COMPILED.items()}
    compile_plans(spark, size_bytes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value and value != _COMPILED[name]:
                spark.conf.set(name, value)


def _local_session() -> SparkSession:
    home = Path(sys.prefix) / "spark"
    if home.is_dir():
        os.environ["SPARK_HOME"] = str(home)
        os.environ["SPARK_CONF_DIR"] = str(home / "conf")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return SparkSession.builder.appName("sales_lakehouse").getOrCreate()
