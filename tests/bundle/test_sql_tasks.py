"""Files of SQL as tasks, on the Spark of their cluster."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bundle_runner.errors import ModelError, ParameterError
from tests.bundle.small_bundle import SmallBundle, by_key, states, task


def _sql(bundle: SmallBundle, key: str, text: str, **rest: Any) -> dict[str, Any]:
    (bundle.folder / f"{key}.sql").write_text(text)
    body = {"file": {"path": f"./{key}.sql"}, "warehouse_id": "w1", "parameters": rest.pop("parameters", {})}
    return {"task_key": key, "sql_task": body, **rest}


def test_a_file_of_sql_runs_with_the_values_it_asks_for_and_keeps_its_last_result(bundle: SmallBundle) -> None:
    first = _sql(
        bundle,
        "first",
        "CREATE TEMPORARY VIEW days AS SELECT 'it''s; :no' AS name, DATE '2011-01-04' AS day;\n"
        "-- what the job gives, and what the task gives\n"
        "SELECT name, {{region}} AS region, CAST(:n AS INT) AS n FROM days;\n"
        "SELECT name, day, CAST(:size AS DECIMAL(6, 2)) AS n FROM days WHERE day = CAST(:day AS DATE);",
        parameters={"size": "{{job.parameters.n}}.50", "day": "2011-01-04"},
    )
    bad = _sql(bundle, "bad", "SELECT 1;\nSELECT * FROM nowhere", depends_on=[{"task_key": "first"}])
    bundle.job(
        first,
        bad,
        parameters=[{"name": "n", "default": "7"}, {"name": "region", "default": "o'north"}],
    )
    record = bundle.run()
    one = by_key(record)["first"]
    assert states(record) == {"first": "SUCCESS", "bad": "FAILED"}, [each.message for each in record.tasks]
    folder = bundle.folder / ".state/runs" / record.run_id
    result = json.loads((folder / "tasks/first/attempt_1/result.json").read_text())
    assert result == {
        "columns": ["name", "day", "n"],
        "rows": [{"name": "it's; :no", "day": "2011-01-04", "n": "7.50"}],
        "more": False,
    }
    assert "|2011-01-04|7.50|" in (folder / str(one.attempts[-1].html)).read_text()
    assert by_key(record)["bad"].message.startswith("cell 2: AnalysisException: [TABLE_OR_VIEW_NOT_FOUND]")


def test_a_query_of_a_workspace_and_a_value_that_nobody_gives_are_refused_by_name(bundle: SmallBundle) -> None:
    bundle.job({"task_key": "it", "sql_task": {"query": {"query_id": "1"}, "warehouse_id": "w1"}})
    with pytest.raises(ModelError, match=r"databricks.yml:\d+: task it: query is not run by this runner yet"):
        bundle.plan()
    bundle.job(_sql(bundle, "it", "SELECT :day"))
    with pytest.raises(ParameterError, match=r"task it: it.sql asks for day, and neither the task nor the job gives"):
        bundle.plan()
    bundle.job(task("it", "./it.sql"))
    with pytest.raises(ParameterError, match=r"task it: it.sql asks for day"):
        bundle.plan()
