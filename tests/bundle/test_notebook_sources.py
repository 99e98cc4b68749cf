"""Notebooks written for Databricks, run with real kernels."""

from __future__ import annotations

import json
from typing import Any

from tests.bundle.small_bundle import SmallBundle, by_key, states, task


def _cells(bundle: SmallBundle, key: str, record: Any) -> list[dict[str, Any]]:
    executed = bundle.folder / ".state/runs" / record.run_id / str(by_key(record)[key].attempts[-1].notebook)
    cells: list[dict[str, Any]] = json.loads(executed.read_text())["cells"]
    assert cells
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def test_a_source_notebook_runs_with_widgets_task_values_and_what_it_includes(bundle: SmallBundle) -> None:
    bundle.source("shared", "def plus(x):\n    return x + 1")
    first = bundle.source(
        "first",
        "# MAGIC %md # First",
        "# MAGIC %run ./shared",
        'dbutils.widgets.text("day", "never")\ndbutils.widgets.dropdown("size", "2", ["1", "2"])',
        'assert (dbutils.widgets.get("day"), dbutils.widgets.get("size")) == ("2011-01-04", "2")',
        'assert dbutils.widgets.getAll()["region"] == "north"',
        'dbutils.jobs.taskValues.set(key="n", value=plus(1))',
    )
    second = bundle.source("second", 'assert dbutils.jobs.taskValues.get(taskKey="first", key="n") == 2')
    bundle.job(
        task("first", first, values={"day": "2011-01-04"}),
        task("second", second, "first"),
        parameters=[{"name": "region", "default": "north"}],
    )
    record = bundle.run()
    assert states(record) == {"first": "SUCCESS", "second": "SUCCESS"}, [one.message for one in record.tasks]
    assert [cell["source"] for cell in _cells(bundle, "first", record)][:2] == [
        "# First",
        "def plus(x):\n    return x + 1",
    ]
    assert str(by_key(record)["first"].attempts[0].html).endswith("/first.html")


def test_an_exit_is_a_success_and_ends_the_notebook_there(bundle: SmallBundle) -> None:
    leaves = bundle.source(
        "leaves",
        "try:\n    dbutils.notebook.exit('nothing new')\nexcept Exception:\n    pass",
        "1 / 0",
        "spark.range(1)",
    )
    bundle.job(task("leaves", leaves))
    record = bundle.run()
    assert states(record) == {"leaves": "SUCCESS"}, by_key(record)["leaves"].message
    outputs = str([cell.get("outputs") for cell in _cells(bundle, "leaves", record)])
    assert "notebook exited: nothing new" in outputs
    assert "ZeroDivisionError" not in outputs
    assert not (bundle.folder / ".state/runs" / record.run_id / "clusters").exists()
    assert "An Exception was encountered" not in str(_cells(bundle, "leaves", record))


def test_a_source_notebook_that_fails_says_where(bundle: SmallBundle) -> None:
    bundle.job(task("it", bundle.source("it", "x = 1", "# MAGIC %md words", "1 / 0")))
    assert by_key(bundle.run())["it"].message == "cell 2: ZeroDivisionError: division by zero"


def test_a_value_that_no_task_set_is_an_error_unless_there_is_a_default(bundle: SmallBundle) -> None:
    first = bundle.source("first", "x = 1")
    second = bundle.source(
        "second",
        "assert dbutils.jobs.taskValues.get(taskKey='first', key='n', default=7) == 7",
        "dbutils.jobs.taskValues.get(taskKey='first', key='n')",
    )
    bundle.job(task("first", first), task("second", second, "first"))
    message = by_key(bundle.run())["second"].message
    assert message == "cell 2: TaskError: task first has set no value n; give a default where it need not"
