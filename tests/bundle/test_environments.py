"""Serverless environments: Spark Connect servers of a job, what runs on them and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from bundle_runner.errors import BundleError, GraphError
from tests.bundle.small_bundle import SmallBundle, by_key, states, task
from tests.bundle.test_run_on_spark import KILL_ONCE_A_JOB_RUNS


def _environment(*dependencies: str) -> list[dict[str, Any]]:
    return [{"environment_key": "main", "spec": {"client": "2", "dependencies": list(dependencies)}}]


def test_what_fails_on_serverless_fails_in_an_environment_and_the_rest_works(bundle: SmallBundle) -> None:
    good = bundle.notebook(
        "good",
        "from pyspark.sql import SparkSession, functions as F\nfrom bundle_runner import task",
        "assert type(spark).__module__ == 'pyspark.sql.connect.session'",
        "assert SparkSession.builder.getOrCreate() is spark\nspark.stop()",
        "plus = F.udf(lambda x: x + 1, 'long')",
        "task.set_value('records', spark.range(3).select(plus('id').alias('n')).agg(F.sum('n')).first()[0])",
        "spark.range(1).createOrReplaceTempView('mine')",
    )
    other = bundle.notebook("other", "assert not spark.catalog.tableExists('mine'), 'views belong to one notebook'")
    bad = bundle.notebook("bad", "spark.range(1).collect()", "spark.sparkContext.parallelize([1])")
    (bundle.folder / "it.py").write_text(
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.appName('mine').getOrCreate()\n"
        "assert spark.range(5).count() == 5\n"
        "spark._jvm\n"
    )
    (bundle.folder / "q.sql").write_text("SELECT :n + 1 AS n")
    bundle.job(
        task("good", good, environment_key="main"),
        task("other", other, "good", environment_key="main"),
        task("bad", bad, "other", environment_key="main"),
        {"task_key": "it", "spark_python_task": {"python_file": "./it.py"}, "environment_key": "main"},
        {
            "task_key": "q",
            "sql_task": {"file": {"path": "./q.sql"}, "parameters": {"n": "1"}},
            "environment_key": "main",
        },
        environments=_environment("click"),
    )
    record = bundle.run()
    expected = {"good": "SUCCESS", "other": "SUCCESS", "bad": "FAILED", "it": "FAILED", "q": "SUCCESS"}
    assert states(record) == expected, [one.message for one in record.tasks]
    assert by_key(record)["good"].records == 6
    assert by_key(record)["bad"].message.startswith("cell 2: PySparkAttributeError: [JVM_ATTRIBUTE_NOT_SUPPORTED]")
    assert by_key(record)["it"].message.startswith("it.py:4: PySparkAttributeError: [JVM_ATTRIBUTE_NOT_SUPPORTED]")


def test_a_dead_kernel_leaves_no_ghost_in_an_environment(bundle: SmallBundle) -> None:
    append = bundle.notebook(
        "append",
        KILL_ONCE_A_JOB_RUNS.replace(
            "while not spark.sparkContext.statusTracker().getActiveJobsIds():", "for _ in [0] * 200:"
        ),
        "if attempt == '1':\n    threading.Thread(target=kill_once_a_job_runs, args=(spark,), daemon=True).start()",
        "slow = \"reflect('java.lang.Thread', 'sleep', cast(20 as bigint))\"",
        "rows = spark.range(0, 400, 1, 2)",
        "rows = rows.where(F.expr(slow).isNotNull()) if attempt == '1' else rows",
        "rows.write.mode('append').parquet(os.getcwd() + '/table')",
        parameters='attempt = ""',
    )
    count = bundle.notebook(
        "count", "import os, time\ntime.sleep(5)", "assert spark.read.parquet(os.getcwd() + '/table').count() == 400"
    )
    bundle.job(
        task("append", append, max_retries=1, values={"attempt": "{{task.execution_count}}"}, environment_key="main"),
        task("count", count, "append", environment_key="main"),
        environments=_environment(),
    )
    record = bundle.run()
    assert states(record) == {"append": "SUCCESS", "count": "SUCCESS"}, [one.message for one in record.tasks]
    ghost, _ = by_key(record)["append"].attempts
    assert "the kernel died (signal 9)" in ghost.message


def test_an_environment_that_is_not_there_or_lacks_a_package_is_refused(bundle: SmallBundle) -> None:
    one = bundle.notebook("one", "x = 1")
    bundle.job(task("one", one, environment_key="mian"), environments=_environment())
    with pytest.raises(GraphError, match=r"task one: environment mian does not exist; did you mean main\?"):
        bundle.plan()
    bundle.job(
        task("one", one, environment_key="main", job_cluster_key="c"),
        environments=_environment(),
        job_clusters=[{"job_cluster_key": "c"}],
    )
    with pytest.raises(GraphError, match="task one names a cluster and an environment; keep one"):
        bundle.plan()
    bundle.job(task("one", one, environment_key="main"), environments=_environment("./dist/none-1-py3-none-any.whl"))
    with pytest.raises(
        BundleError, match=f"environment main: {bundle.folder}/dist/none-1.*package none is not install"
    ):
        bundle.plan()
