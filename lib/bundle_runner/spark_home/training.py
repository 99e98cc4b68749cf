"""What a notebook's Spark usually does, on a few rows: the JVM that ran it knows which classes to archive.

Run by set-up: `python -m bundle_runner.spark_home.training FOLDER`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F


def main(folder: Path) -> None:
    """Write, merge, replace and read Delta tables in the folder, then let the JVM end by itself."""
    spark = SparkSession.builder.appName("training").getOrCreate()
    rows_df = _shaped(
        spark.createDataFrame([(f"{n}", n, f"{n}.5") for n in range(40)], "id STRING, n INT, price STRING")
    )
    table, target = str(folder / "rows"), f"delta.`{folder / 'rows'}`"
    rows_df.write.format("delta").partitionBy("day").save(table)
    rows_df.write.format("delta").mode("append").option("txnAppId", "training").option("txnVersion", 1).save(table)
    rows_df.limit(9).createOrReplaceTempView("changes")
    spark.sql(
        f"MERGE INTO {target} t USING (SELECT DISTINCT * FROM changes) c ON t.id = c.id AND t.n < 0 "
        "WHEN MATCHED THEN UPDATE SET t.n = c.n WHEN NOT MATCHED THEN INSERT *"
    )
    day_df = rows_df.where("day = DATE'2011-01-04'")
    day_df.write.format("delta").mode("overwrite").option("replaceWhere", "day = DATE'2011-01-04'").save(table)
    _read(spark, table)
    spark.sql(f"DESCRIBE HISTORY {target}").collect()
    gateway: Any = spark.sparkContext._gateway  # noqa: SLF001 the archive is written when the JVM ends by itself
    gateway.jvm.java.lang.System.exit(0)


def _shaped(rows_df: DataFrame) -> DataFrame:
    order = Window.partitionBy("kind").orderBy("n")
    return (
        rows_df.withColumn("day", F.expr("date_add(DATE'2011-01-04', n % 3)"))
        .withColumn("kind", F.when(F.col("n") % 2 == 0, "even").otherwise("odd"))
        .withColumn("amount", F.expr("CAST(try_cast(price AS DECIMAL(12,4)) * n AS DECIMAL(22,4))"))
        .withColumn("place", F.row_number().over(order))
        .withColumn("text", F.sha2(F.to_json(F.struct("id", "kind", "amount")), 256))
        .withColumn("labels", F.array_compact(F.array(F.when(F.col("n") > 5, "large"))))
    )


def _read(spark: SparkSession, table: str) -> None:
    def same(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        yield from batches

    rows_df = spark.read.format("delta").load(table)
    sums_df = rows_df.groupBy("day", "kind").agg(F.sum("amount").alias("amount"), F.count_distinct("id").alias("ids"))
    sums_df.join(rows_df, on=["day", "kind"], how="left_anti").union(sums_df).orderBy("day", "kind").toPandas()
    rows_df.select("id", "n").mapInArrow(same, "id STRING, n INT").toArrow()
    rows_df.join(F.broadcast(sums_df), on=["day", "kind"], how="full").where("size(labels) > 0").count()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
