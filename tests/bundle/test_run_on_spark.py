"""Jobs whose kernels share a Spark JVM: one for all, fenced after each attempt, replaced when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bundle_runner.spark import jvm
from tests.bundle.small_bundle import SmallBundle, alive, by_key, states, task

PID = "str(spark._jvm.java.lang.ProcessHandle.current().pid())"
KILL_ONCE_A_JOB_RUNS = """
import os, threading, time
from pyspark.sql import functions as F

def kill_once_a_job_runs(spark):
    while not spark.sparkContext.statusTracker().getActiveJobsIds():
        time.sleep(0.01)
    time.sleep(0.5)
    os.kill(os.getpid(), 9)
"""
ENGINE = """
from pyspark.sql import SparkSession

def session():
    return SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()

def rows():
    return session().range(3).count()

def jvm():
    return str(session()._jvm.java.lang.ProcessHandle.current().pid())
"""
CLUSTER = [{"job_cluster_key": "main", "new_cluster": {"spark_conf": {"spark.sql.shuffle.partitions": 3}}}]


def test_notebooks_of_a_cluster_share_one_jvm_and_none_can_stop_it(bundle: SmallBundle) -> None:
    first = bundle.notebook(
        "first",
        "from bundle_runner import task",
        f"task.set_value('jvm', {PID})",
        "spark.range(3).createOrReplaceTempView('mine')\nspark.conf.set('spark.sql.shuffle.partitions', '9')",
        "spark.stop()",
        "from pyspark.sql import SparkSession\nassert SparkSession.builder.getOrCreate() is spark",
        "assert SparkSession.getActiveSession() is spark",
        "task.set_value('records', spark.table('mine').count())",
    )
    second = bundle.notebook(
        "second",
        f"assert {PID} == jvm",
        "assert not spark.catalog.tableExists('mine'), 'views belong to one notebook'",
        "assert spark.conf.get('spark.sql.shuffle.partitions') == '3', 'the cluster says so'",
        "from pyspark.sql import functions as F\nplus = F.udf(lambda x: x + 1, 'long')",
        "assert spark.range(2).select(plus('id').alias('n')).agg(F.sum('n')).first()[0] == 3",
        parameters='jvm = ""',
    )
    bundle.job(
        task("first", first, job_cluster_key="main"),
        task("second", second, "first", job_cluster_key="main", values={"jvm": "{{tasks.first.values.jvm}}"}),
        job_clusters=CLUSTER,
    )
    record = bundle.run()
    assert states(record) == {"first": "SUCCESS", "second": "SUCCESS"}, [t.message for t in record.tasks]
    assert by_key(record)["first"].records == 3
    assert not alive(int(by_key(record)["first"].values["jvm"])), "the JVM ends with the run"


def test_no_jvm_is_started_when_no_cell_asks_for_spark(bundle: SmallBundle) -> None:
    bundle.job(task("one", bundle.notebook("one", "x = 'pyspark'"), job_cluster_key="main"), job_clusters=CLUSTER)
    record = bundle.run()
    assert record.exit_code == 0
    assert not (bundle.folder / ".state/runs" / record.run_id / "clusters").exists()


def test_a_module_that_asks_for_a_session_gets_the_job_s(bundle: SmallBundle) -> None:
    (bundle.folder / "engine.py").write_text(ENGINE)
    first = bundle.notebook("first", "import engine", "assert engine.rows() == 3", f"assert engine.jvm() == {PID}")
    bundle.job(task("first", first, job_cluster_key="main"), job_clusters=CLUSTER)
    record = bundle.run()
    assert states(record) == {"first": "SUCCESS"}, [t.message for t in record.tasks]


def test_a_dead_kernel_leaves_no_ghost_and_a_dead_jvm_is_replaced(bundle: SmallBundle) -> None:
    append = bundle.notebook(
        "append",
        KILL_ONCE_A_JOB_RUNS,
        "if attempt == '1':\n    threading.Thread(target=kill_once_a_job_runs, args=(spark,), daemon=True).start()",
        "slow = \"reflect('java.lang.Thread', 'sleep', cast(20 as bigint))\"",
        "rows = spark.range(0, 400, 1, 2)",
        "rows = rows.where(F.expr(slow).isNotNull()) if attempt == '1' else rows",
        "rows.write.mode('append').parquet(os.getcwd() + '/table')",
        parameters='attempt = ""',
    )
    count = bundle.notebook(
        "count",
        "import os, time\ntime.sleep(2)",
        f"if attempt == '1':\n    os.kill(int({PID}), 9)",
        "assert spark.read.parquet(os.getcwd() + '/table').count() == 400",
        parameters='attempt = ""',
    )
    twice = {"max_retries": 1, "values": {"attempt": "{{task.execution_count}}"}}
    bundle.job(task("append", append, **twice), task("count", count, "append", **twice))
    record = bundle.run()
    ghost, appended = by_key(record)["append"].attempts
    assert "the kernel died (signal 9)" in ghost.message
    assert str(appended.state) == "SUCCESS", appended.message
    dead, counted = by_key(record)["count"].attempts
    assert dead.message.startswith("the Spark JVM of cluster default died (signal 9); its log: ")
    assert str(counted.state) == "SUCCESS", counted.message


def test_a_missing_spark_is_said_in_one_sentence(bundle: SmallBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jvm, "spark_home", lambda: Path("/nowhere/spark"))
    bundle.job(task("one", bundle.notebook("one", "spark.range(1)")))
    message = by_key(bundle.run())["one"].message
    assert message == "cluster default: this environment has no Spark at /nowhere/spark; run: make setup-local"


def test_a_jvm_that_does_not_start_is_said_with_its_last_words(bundle: SmallBundle) -> None:
    conf = [{"job_cluster_key": "main", "new_cluster": {"spark_conf": {"spark.driver.memory": "lots"}}}]
    bundle.job(task("one", bundle.notebook("one", "spark.range(1)"), job_cluster_key="main"), job_clusters=conf)
    message = by_key(bundle.run())["one"].message
    assert message.startswith("the Spark JVM ended at its start: ")
    assert "Invalid maximum heap size: -Xmxlots" in message


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["Ctrl-C", "killed runner"]
)
def test_kernel_and_jvm_die_with_the_runner(bundle: SmallBundle, number: int, code: int) -> None:
    one = bundle.notebook(
        "one",
        "import os, time\nfrom pathlib import Path",
        f"Path('pids').write_text(f'{{os.getpid()}} ' + {PID})\ntime.sleep(600)",
    )
    bundle.job(task("one", one))
    command = [sys.executable, "-m", "bundle_runner", "run", "main", "--bundle", str(bundle.folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    pids = _wait_for_pids(bundle.folder / "pids")
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert ("CANCELED  main" in output) is (number == signal.SIGINT)
    deadline = time.monotonic() + 15
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not [pid for pid in pids if alive(pid)]


def _wait_for_pids(path: Path) -> list[int]:
    deadline = time.monotonic() + 120
    while not (path.exists() and len(path.read_text().split()) == 2):
        assert time.monotonic() < deadline, "the notebook did not start"
        time.sleep(0.1)
    return [int(word) for word in path.read_text().split()]


def test_sql_cells_run_on_the_cluster_and_leave_their_last_result(bundle: SmallBundle) -> None:
    one = bundle.source(
        "one",
        "# MAGIC %sql CREATE TEMPORARY VIEW days AS SELECT 'a;b' AS name, 7 AS sales;\n# MAGIC SELECT * FROM days",
        "assert [tuple(row) for row in _sqldf.collect()] == [('a;b', 7)]",
        "# MAGIC %sql\n# MAGIC DROP VIEW days",
        "# MAGIC %sql SELECT * FROM nowhere",
    )
    bundle.job(task("one", one))
    record = bundle.run()
    message = by_key(record)["one"].message
    assert message.startswith("cell 4: AnalysisException: [TABLE_OR_VIEW_NOT_FOUND]"), message
    executed = bundle.folder / ".state/runs" / record.run_id / "tasks/one/attempt_1/one.ipynb"
    assert "| a;b|    7|" in executed.read_text()


def test_a_program_reaches_the_spark_of_its_cluster(bundle: SmallBundle) -> None:
    (bundle.folder / "it.py").write_text(
        "from pyspark.sql import SparkSession\n"
        "from bundle_runner import task\n"
        "spark = SparkSession.builder.appName('mine').getOrCreate()\n"
        "assert SparkSession.getActiveSession() is spark\n"
        "assert spark.conf.get('spark.sql.shuffle.partitions') == '3', 'the cluster says so'\n"
        f"task.set_value('jvm', {PID})\n"
        "task.set_value('records', spark.range(5).count())\n"
    )
    after = bundle.notebook("after", f"assert {PID} == jvm", parameters='jvm = ""')
    bundle.job(
        {"task_key": "it", "spark_python_task": {"python_file": "./it.py"}, "job_cluster_key": "main"},
        task("after", after, "it", job_cluster_key="main", values={"jvm": "{{tasks.it.values.jvm}}"}),
        job_clusters=CLUSTER,
    )
    record = bundle.run()
    assert states(record) == {"it": "SUCCESS", "after": "SUCCESS"}, [one.message for one in record.tasks]
    assert by_key(record)["it"].records == 5
