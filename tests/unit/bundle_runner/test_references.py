"""Dynamic value references and conditions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from bundle_runner.bundle.references import paths, resolve, time_facts, unknown
from bundle_runner.errors import ReferenceProblem, RunError
from bundle_runner.run.conditions import evaluate

FACTS: dict[str, Any] = {
    "job": {"name": "main", "parameters": {"date": "2011-01-05"}},
    "task": {"name": "load"},
    "tasks": {"a": {"values": {"n": 7, "list": ["x", 1], "text": "ä", "flag": True, "odd key": {"b": "c"}}}},
    "input": {"name": "shop", "size": 3},
}
TEXTS = {
    "plain": ("no reference", "no reference"),
    "several": ("{{job.name}}-{{ task.name }}", "main-load"),
    "a parameter": ("{{job.parameters.date}}", "2011-01-05"),
    "a number": ("{{tasks.a.values.n}}", "7"),
    "a list as JSON": ("{{tasks.a.values.list}}", '["x", 1]'),
    "a boolean": ("{{tasks.a.values.flag}}", "true"),
    "text as it is": ("{{tasks.a.values.text}}", "ä"),
    "a key in backticks": ("{{tasks.a.values.`odd key`.b}}", "c"),
    "a name in brackets": ("{{ job.parameters.[date] }}", "2011-01-05"),
    "a field of the input": ("{{input.name}}{{input.size}}", "shop3"),
    "the whole input": ("{{input}}", '{"name": "shop", "size": 3}'),
    "another's braces": ("{{ ds }} {{secrets/a/b}} {{", "{{ ds }} {{secrets/a/b}} {{"),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS.keys())
def test_references_are_replaced_by_text(text: str, expected: str) -> None:
    assert resolve(text, FACTS) == expected


def test_a_wrong_name_in_a_known_namespace_is_an_error() -> None:
    with pytest.raises(ReferenceProblem, match=r"\{\{job.nam\}\} has no value: nam is unknown; did you mean name?"):
        resolve("{{job.nam}}", FACTS)
    with pytest.raises(ReferenceProblem, match="deep is unknown"):
        resolve("{{tasks.a.values.n.deep}}", FACTS)


def test_paths_lists_what_a_text_refers_to() -> None:
    assert paths("{{input}} {{tasks.a.values.n}} {{other.x}}") == [("input",), ("tasks", "a", "values", "n")]


KNOWN = [
    "job.id job.name job.run_id job.repair_count job.start_time.iso_date job.start_time.timestamp_ms job.parameters.x",
    "job.trigger.type job.trigger.time.iso_datetime job.trigger.file_arrival.location",
    "task.name task.run_id task.execution_count task.notebook_path",
    "tasks.a.run_id tasks.a.result_state tasks.a.error_code tasks.a.execution_count tasks.a.notebook_path",
    "tasks.a.values.x tasks.a.values.x.y tasks.a.output.rows tasks.a.output.first_row.n",
    "workspace.id workspace.url backfill.iso_date backfill.is_weekday input input.x.y",
]


@pytest.mark.parametrize("name", [name for line in KNOWN for name in line.split()])
def test_every_documented_reference_is_known(name: str) -> None:
    (path,) = paths(f"{{{{{name}}}}}")
    assert unknown(path) == ""


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("job.start_time.iso_dat", "iso_dat is unknown; did you mean iso_date?"),
        ("job.trigger.file_arrival.url", "url is unknown; known: location"),
        ("task.id", "id is unknown; known: execution_count, name, notebook_path, run_id"),
        ("tasks.a.result", "result is unknown; did you mean result_state?"),
        ("backfill.date", "date is unknown; did you mean iso_date?"),
        ("job.name.first", "first is unknown"),
        ("job.trigger", "it needs one more word; known: file_arrival, time, type"),
    ],
)
def test_what_no_run_can_know_is_said(name: str, trouble: str) -> None:
    assert unknown(tuple(name.split("."))) == trouble


def test_a_namespace_that_this_run_does_not_have_is_said() -> None:
    facts = {"job": {"name": "main"}}
    with pytest.raises(ReferenceProblem, match=r"\{\{backfill.iso_date\}\} has no value: this run is no backfill"):
        resolve("{{backfill.iso_date}}", facts)
    with pytest.raises(ReferenceProblem, match=r"\{\{input.x\}\} has no value: it has a meaning inside for_each"):
        resolve("{{input.x}}", facts)


def test_times_are_given_in_utc() -> None:
    facts = time_facts(datetime(2011, 1, 9, 0, 30, 5, tzinfo=timezone(timedelta(hours=1))))
    assert facts == {
        "iso_date": "2011-01-08",
        "iso_datetime": "2011-01-08T23:30:05.000Z",
        "year": "2011",
        "month": "01",
        "day": "08",
        "hour": "23",
        "minute": "30",
        "second": "05",
        "iso_weekday": "6",
        "is_weekday": "false",
        "timestamp_ms": "1294529405000",
    }


CONDITIONS = [
    ("EQUAL_TO", "12.0", "12", False),
    ("EQUAL_TO", "a", "a", True),
    ("NOT_EQUAL", "12.0", "12", True),
    ("GREATER_THAN", "10", "9", True),
    ("GREATER_THAN", "0", "0", False),
    ("GREATER_THAN_OR_EQUAL", "12.0", "12", True),
    ("LESS_THAN", "-1", "0.5", True),
    ("LESS_THAN_OR_EQUAL", "2", "1", False),
]


@pytest.mark.parametrize(("op", "left", "right", "expected"), CONDITIONS)
def test_conditions_compare_equality_by_text_and_order_by_number(
    op: str, left: str, right: str, expected: bool
) -> None:
    assert evaluate(op, left, right) is expected


@pytest.mark.parametrize("text", ["", "many", "NaN", "Infinity"])
def test_an_order_needs_numbers(text: str) -> None:
    with pytest.raises(RunError, match=f"GREATER_THAN compares numbers, got '{text}'"):
        evaluate("GREATER_THAN", text, "0")
