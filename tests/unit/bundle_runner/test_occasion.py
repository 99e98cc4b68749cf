"""Why a run begins, and what of the run and its tasks references can name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.bundle.references import resolve
from bundle_runner.errors import GraphError, ReferenceProblem
from bundle_runner.plan.prepare import Plan, prepare
from bundle_runner.record.occasion import BY_HAND, Occasion
from bundle_runner.record.records import AttemptRecord, RunRecord, TaskRecord
from bundle_runner.run.task_facts import facts_for
from bundle_runner.states import ResultState
from tests.unit.bundle_runner.bundle_folder import write

DUE = "2011-01-04T06:00:59.000Z"
STARTED = datetime(2026, 3, 2, 13, 5, 59, tzinfo=UTC)
BUNDLE = """
    targets: {local: {workspace: {root_path: "${workspace.file_path}/.state", host: "https://w.example.com"}}}
    resources:
      jobs:
        main:
          parameters: [{name: day, default: "DAY"}]
          tasks:
            - {task_key: q, sql_task: {file: {path: q.sql}}}
            - {task_key: n, depends_on: [{task_key: q}], notebook_task: {notebook_path: n.py}}
"""


def _plan(folder: Path, occasion: Occasion = BY_HAND, day: str = "") -> Plan:
    (folder / "q.sql").write_text("SELECT 1")
    (folder / "n.py").write_text("# Databricks notebook source\n")
    write(folder, databricks=BUNDLE.replace("DAY", day))
    return prepare(load_bundle(folder), "main", {}, (), occasion)


def _run(plan: Plan) -> RunRecord:
    return RunRecord("r1", "b", "local", "main", "main", {}, "2011-01-05T00:00:00.000Z", occasion=plan.occasion)


def test_what_started_a_run_can_be_named(tmp_path: Path) -> None:
    scheduled = _plan(tmp_path, Occasion("periodic", DUE))
    assert resolve("{{job.trigger.type}} {{job.trigger.time.iso_datetime}}", scheduled.facts) == (
        "periodic 2011-01-04T06:00:00.000Z"
    )
    arrived = _plan(tmp_path, Occasion("file_arrival", DUE, "/in/"))
    assert resolve("{{job.trigger.file_arrival.location}} {{job.trigger.time.second}}", arrived.facts) == "/in/ 59"
    by_hand = _plan(tmp_path)
    assert resolve("{{job.trigger.type}}{{job.trigger.file_arrival.location}}", by_hand.facts) == "one_time"
    assert resolve("{{workspace.url}} {{workspace.id}}", by_hand.facts) == "https://w.example.com 0"


def test_a_backfill_gives_its_moment_to_the_parameters_and_others_have_none(tmp_path: Path) -> None:
    plan = _plan(tmp_path, Occasion(backfill_at=DUE), "{{backfill.iso_date}}")
    assert plan.parameters == {"day": "2011-01-04"}
    assert plan.occasion.inner == Occasion("run_job_task", backfill_at=DUE)
    with pytest.raises(ReferenceProblem, match="this run is no backfill"):
        _plan(tmp_path, day="{{backfill.iso_date}}")


def test_a_repair_keeps_the_occasion_of_its_run(tmp_path: Path) -> None:
    for occasion in (BY_HAND, Occasion("file_arrival", DUE, "/in/", backfill_at=DUE)):
        plan = _plan(tmp_path, occasion)
        assert prepare(plan.bundle, "main", {}, (), _run(plan)).occasion == occasion


def test_what_ended_before_can_be_named(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    attempt = AttemptRecord(2, "t", ResultState.SUCCESS)
    folder = plan.folder / "tasks/q/attempt_2"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps({"rows": [{"n": 7}, {"n": 8}]}))
    task = plan.job.tasks[1]
    facts = facts_for(plan, task, {"q": TaskRecord("q", "sql", ResultState.SUCCESS, attempts=(attempt,))})
    assert resolve("{{tasks.q.output.first_row.n}} {{tasks.q.output.rows}}", facts) == '7 [{"n": 7}, {"n": 8}]'
    assert resolve("{{tasks.q.result_state}}:{{tasks.q.error_code}}:{{tasks.q.run_id}}", facts) == (
        f"success::{plan.run_id}.q"
    )
    assert resolve("{{task.name}} {{task.notebook_path}}", facts) == f"n {tmp_path}/n.py"
    states = {ResultState.FAILED: "RunExecutionError", ResultState.UPSTREAM_FAILED: "", ResultState.EXCLUDED: ""}
    for state, code in states.items():
        assert resolve("{{tasks.q.error_code}}", facts_for(plan, task, {"q": TaskRecord("q", "sql", state)})) == code


def test_a_misspelt_reference_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "n.py").write_text("# Databricks notebook source\n")
    (tmp_path / "q.sql").write_text("SELECT :x")
    text = BUNDLE.replace(
        "{file: {path: q.sql}}", '{file: {path: q.sql}, parameters: {x: "{{job.start_time.iso_dat}}"}}'
    )
    write(tmp_path, databricks=text)
    with pytest.raises(
        GraphError, match=r"task q: \{\{job.start_time.iso_dat\}\} has no value: iso_dat is unknown; did"
    ):
        prepare(load_bundle(tmp_path), "main", {})


def test_the_time_of_a_trigger_is_rounded_down_to_the_minute() -> None:
    facts = {"job": {"trigger": Occasion("periodic", at="2026-03-02T13:05:59.900Z").trigger_facts(STARTED)}}
    assert resolve("{{job.trigger.time.iso_datetime}}", facts) == "2026-03-02T13:05:00.000Z"


def test_the_place_of_an_arrival_is_told() -> None:
    facts = {"job": {"trigger": Occasion("file_arrival", location="/in").trigger_facts(STARTED)}}
    assert resolve("{{job.trigger.file_arrival.location}}", facts) == "/in"


def test_the_date_of_a_backfill_is_told_in_all_forms() -> None:
    facts = Occasion(backfill="b", backfill_at="2011-01-04T00:00:00.000Z").backfill_facts
    text = "{{backfill.iso_date}} {{backfill.iso_datetime}} {{backfill.iso_weekday}} {{backfill.timestamp_ms}}"
    assert resolve(text, facts) == "2011-01-04 2011-01-04T00:00:00.000Z 2 1294099200000"
