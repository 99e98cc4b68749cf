"""`airflow dags test` of a job that goes every way a job can go: the same ends as in a run of the runner."""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.record.records import RunRecord, read_record
from bundle_runner.render.airflow import Call, render
from tests.airflow.airflows import Airflow
from tests.bundle.rules_bundle import ENDS, write_rules
from tests.bundle.small_bundle import by_key, states

pytestmark = pytest.mark.timeout(1800)
LAKEHOUSE = str(Path(sys.prefix) / "bin" / "lakehouse")


@dataclass(frozen=True)
class Ran:
    """What Airflow and the runner say of one DAG run."""

    tasks: dict[str, tuple[str, int]]
    state: str
    record: RunRecord


def dags_test(airflow: Airflow, dag: str, *words: str, **environment: str) -> tuple[dict[str, tuple[str, int]], str]:
    """Run a DAG from its beginning to its end; return state and number of tries of each task, and the run's state."""
    for command in (["db", "migrate"], ["dags", "test", dag, *words]):
        said = airflow.call("-m", "airflow", *command, **environment)
    with sqlite3.connect(airflow.home / "airflow.db") as base:
        rows = base.execute(
            "select t.task_id, t.map_index, t.state, t.try_number from task_instance t join dag_run r "
            "on r.run_id = t.run_id and r.dag_id = t.dag_id where r.dag_id = ? "
            "and r.id = (select max(id) from dag_run where dag_id = ?)",
            (dag, dag),
        ).fetchall()
        ((state,),) = base.execute("select state from dag_run where dag_id = ? order by id desc limit 1", (dag,))
    assert rows, said.stdout[-3000:] + said.stderr[-3000:]
    named = {(f"{key}[{index}]" if index >= 0 else key): (found, tries) for key, index, found, tries in rows}
    return named, state


@pytest.fixture(scope="module")
def ran(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Let Airflow run the job once, with a parameter of its own."""
    folder = tmp_path_factory.mktemp("rules")
    bundle = load_bundle(write_rules(folder).folder)
    (airflow.home / "dags").mkdir()
    (airflow.home / "dags" / "main.py").write_text(render(bundle, "main", Call(LAKEHOUSE, str(folder), "local")).text)
    tasks, state = dags_test(airflow, "main", "--conf", '{"day": "2011-01-05"}')
    (run,) = (folder / ".state" / "runs").glob("*/run.json")
    return Ran(tasks, state, read_record(run.parent))


def test_every_task_ends_in_airflow_as_in_a_run_of_the_runner(ran: Ran) -> None:
    assert states(ran.record) == {key: lakeflow for key, (lakeflow, _) in ENDS.items()}
    assert {key: state for key, (state, _) in ran.tasks.items() if key in ENDS} == {
        key: state for key, (_, state) in ENDS.items()
    }


def test_a_report_that_ran_does_not_make_a_stopped_gate_green(ran: Ran) -> None:
    assert ran.tasks["report"][0] == "success"
    assert ran.tasks["run.end"][0] == "failed"
    assert ran.state == "failed"
    assert ran.record.exit_code == 1


def test_the_loop_has_a_task_for_each_element(ran: Ran) -> None:
    each = {key: state for key, (state, _) in ran.tasks.items() if ".each" in key}
    assert each == {
        "loop.each[0]": "success",
        "loop.each[1]": "success",
        "bad_loop.each[0]": "success",
        "bad_loop.each[1]": "failed",
        "no_loop.each": "skipped",
        "loop_after_yes.each": "skipped",
    }


def test_airflow_tries_again_as_often_as_the_job_says_and_not_after_a_timeout(ran: Ran) -> None:
    assert {key: ran.tasks[key][1] for key in ("flaky", "slow", "gate")} == {"flaky": 2, "slow": 1, "gate": 1}
    assert [str(attempt.state) for attempt in by_key(ran.record)["flaky"].attempts] == ["FAILED", "SUCCESS"]


def test_one_run_folder_holds_the_parameters_of_the_dag_run(ran: Ran) -> None:
    assert ran.record.parameters == {"day": "2011-01-05"}
    assert ran.record.ended_at
