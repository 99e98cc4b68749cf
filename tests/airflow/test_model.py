"""Airflow's own model of twelve rendered jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.render.airflow import Call, render
from tests.airflow.airflows import PROJECT, Airflow
from tests.airflow.small_jobs import JOBS, write_jobs


def _rendered(folder: Path, bundle_folder: Path, target: str, runner: Call | None) -> Path:
    bundle = load_bundle(bundle_folder, target)
    folder.mkdir()
    for key in bundle.job_keys:
        (folder / f"{key}.py").write_text(render(bundle, key, runner).text)
    return folder


@pytest.fixture(scope="module")
def dags(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give the twelve jobs as the runner's DAGs, as Airflow understands them."""
    folder = tmp_path_factory.mktemp("local")
    seen = airflow.look(_rendered(folder / "dags", write_jobs(folder), "local", Call("lakehouse", ".", "local")))
    assert seen["errors"] == {}
    assert set(seen["dags"]) == set(JOBS)
    assert len(JOBS) == 12
    return seen["dags"]


@pytest.fixture(scope="module")
def watched(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give the twelve jobs as DAGs that watch the deployed ones."""
    folder = tmp_path_factory.mktemp("watched")
    seen = airflow.look(_rendered(folder / "dags", write_jobs(folder), "prod", None))
    assert seen["errors"] == {}
    assert set(seen["dags"]) == set(JOBS)
    return seen["dags"]


def column(dag: Any, name: str) -> dict[str, Any]:
    """Return one fact of all tasks but the first and the last of the run."""
    return {key: task[name] for key, task in dag["tasks"].items() if not key.startswith("run.")}


def test_rules_become_trigger_rules_that_wait_for_all_above(dags: Any) -> None:
    assert column(dags["rules"], "rule") == {
        "a": "all_success",
        "b": "all_success",
        "all_success": "all_success",
        "none_failed": "none_failed_min_one_success",
        "all_failed": "all_failed",
        "all_done": "all_done",
        "one_success": "all_done",
        "one_failed": "all_done",
    }
    assert column(dags["rules"], "after")["one_failed"] == ["a", "b"]


def test_the_first_tasks_wait_for_the_beginning_and_the_last_one_makes_a_failed_run_red(dags: Any) -> None:
    tasks = dags["rules"]["tasks"]
    assert tasks["run.begin"]["after"] == []
    assert tasks["a"]["after"] == tasks["b"]["after"] == ["run.begin"]
    assert (tasks["run.end"]["kind"], tasks["run.end"]["rule"]) == ("End", "all_done")
    # a and b are covered by tasks that wait for all; the three with rules of Airflow's own may be settled before.
    assert set(tasks["run.end"]["after"]) == {
        *("all_success", "none_failed", "all_failed", "all_done", "one_success", "one_failed")
    }


def test_a_condition_has_a_task_for_each_outcome(dags: Any) -> None:
    tasks = dags["conditions"]["tasks"]
    assert [tasks[key]["kind"] for key in ("compare", "compare.true", "compare.false")] == [
        "Condition",
        "EmptyOperator",
        "EmptyOperator",
    ]
    assert column(dags["conditions"], "after") | {"compare": [], "alone": []} == {
        "compare": [],
        "compare.true": ["compare"],
        "compare.false": ["compare"],
        "wanted": ["compare.true"],
        "other": ["compare.false"],
        "both": ["compare"],
        "alone": [],
    }
    assert tasks["alone"]["kind"] == "Step"  # nobody asks how it ends


def test_a_loop_is_a_mapped_task_between_its_inputs_and_its_sum(dags: Any) -> None:
    tasks = dags["loops"]["tasks"]
    assert tasks["loop.inputs"]["rule"] == "none_failed_min_one_success"
    assert tasks["loop.inputs"]["after"] == ["list"]
    each = tasks["loop.each"]
    assert (each["mapped"], each["at_once"], each["retries"], each["delay"]) == (True, 5, 1, 1.5)
    assert each["timeout"] == 60 + 120
    assert (tasks["loop"]["after"], tasks["loop"]["rule"]) == (["loop.each", "loop.inputs"], "all_done")
    assert tasks["after"]["after"] == ["loop"]


def test_retries_have_their_interval_and_double_it(dags: Any, airflow: Airflow) -> None:
    tasks = dags["retries"]["tasks"]
    assert column(dags["retries"], "retries") == {"some": 2, "endless": 100, "none": 0}
    assert tasks["some"]["delay"] == 30
    assert repr(tasks["some"]["doubles"]) == {"3.0": "True", "3.3": "2"}[airflow.version]  # there True means 1


def test_timeouts_are_those_of_the_job_and_leave_the_runner_time_to_clean_up(dags: Any) -> None:
    assert dags["timeouts"]["timeout"] == 7200
    assert column(dags["timeouts"], "timeout") == {"bounded": 600 + 120, "free": None}


def test_parameters_are_typed_and_keep_their_defaults(dags: Any, watched: Any) -> None:
    text = {"type": "string"}
    assert dags["parameters"]["parameters"] == {
        "day": ["{{job.start_time.iso_date}}", text],
        "json": ['{"a": "it\'s"}', text],
        "empty": ["", text],
    }
    left = {"type": ["null", "string"]}  # to the deployed job
    assert watched["parameters"]["parameters"] == {"day": [None, left], "json": [None, left], "empty": [None, left]}


def test_a_schedule_keeps_its_days_and_its_time_zone_over_the_change_of_clocks(dags: Any) -> None:
    dag = dags["schedules"]
    assert dag["starts"] == [f"2026-{day}T01:30:00+02:00" for day in ("03-30", "03-31", "04-01", "04-02")]
    assert (dag["zone"], dag["paused"], dag["catchup"]) == ("Europe/Berlin", True, False)
    assert dag["tags"] == ["plain", "team:sales"]
    assert dag["description"] == 'Says "good night" to\nall \\ of """ them.'


def test_as_many_runs_go_on_at_once_as_the_job_allows(dags: Any) -> None:
    assert (dags["side_by_side"]["at_once"], dags["rules"]["at_once"]) == (3, 1)


def test_who_is_told_of_a_run_is_told(dags: Any, airflow: Airflow) -> None:
    dag = dags["told"]
    assert dag["tells"] == ["on_failure_callback", "on_success_callback"]
    assert dag["tasks"]["run.begin"]["tells"] == ["on_execute_callback"]
    assert dag["tasks"]["a"]["tells"] == ["on_failure_callback"]
    assert dag["deadlines"] == {"3.0": [], "3.3": [900]}[airflow.version]


def test_another_job_is_one_task(dags: Any) -> None:
    assert dags["calls"]["tasks"]["sub"]["kind"] == "Step"


def test_any_key_has_a_variable_of_its_own(dags: Any) -> None:
    after = {"a-b": ["run.begin"], "a_b": ["a-b"], "1st": ["a_b"], "class": ["1st"], "begin": ["class"]}
    assert column(dags["names"], "after") == {**after, "run": ["begin"]}
    assert dags["names"]["tasks"]["a-b"]["doc"] == "the first"


def test_a_period_is_a_schedule_and_a_job_without_one_starts_by_hand(dags: Any) -> None:
    first, second = dags["periods"]["starts"][:2]
    assert (first[:10], second[:10]) == ("2026-03-28", "2026-03-30")
    assert dags["rules"]["starts"] == []


def test_a_deployed_job_is_watched_task_by_task(watched: Any) -> None:
    dag = watched["conditions"]
    assert column(dag, "rule") == dict.fromkeys(("compare", "wanted", "other", "both", "alone"), "all_done")
    assert column(dag, "kind") == dict.fromkeys(column(dag, "kind"), "DecoratedSensorOperator")
    assert dag["tasks"]["wanted"]["after"] == ["compare", "run.begin"]
    assert set(dag["tasks"]["run.end"]["after"]) == {"run.begin", "wanted", "other", "both", "alone"}
    assert watched["told"]["tells"] == []  # the workspace tells


def test_the_bundles_own_jobs_are_understood(airflow: Airflow, tmp_path: Path) -> None:
    calls = {"local": Call("lakehouse", ".", "local"), "prod": None}
    for target, runner in calls.items():
        seen = airflow.look(_rendered(tmp_path / target, PROJECT, target, runner))
        assert seen["errors"] == {}
        assert set(seen["dags"]) == {"sales_daily", "sales_intraday", "sales_maintenance"}
        assert seen["dags"]["sales_daily"]["starts"][:2] == ["2026-03-28T05:30:00+00:00", "2026-03-29T05:30:00+01:00"]
