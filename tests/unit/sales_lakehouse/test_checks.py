"""What is known to be wrong before a job starts: its values and the declarations."""

from __future__ import annotations

import shutil
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from sales_lakehouse.checks import check

PIPELINES = Path(__file__).parents[3] / "pipelines"
GOOD = {
    "lakehouse_root": "/somewhere/lakehouse",
    "inbox_root": "/somewhere/inbox",
    "pipelines_root": str(PIPELINES),
    "connections": '{"shop_api": "http://127.0.0.1:8765"}',
    "business_date": "2011-01-05",
}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Give the shipped declarations with one source that is not valid."""
    shutil.copytree(PIPELINES, tmp_path / "pipelines")
    source = sorted((tmp_path / "pipelines" / "sources").glob("*.yml"))[0]
    source.write_text(source.read_text() + "\nno_such_field: 1\n")
    return source


def test_the_shipped_declarations_are_in_order() -> None:
    assert check(GOOD) == []
    assert check({**GOOD, "business_date": ""}) == []


WRONG = {
    "a date that is none": ({"business_date": "2011-13-01"}, "business_date is '2011-13-01'; expected a date like"),
    "connections that are no JSON": ({"connections": "shop"}, "connections is no JSON object"),
    "a connection that is missing": (
        {"connections": '{"shop": "http://127.0.0.1:8765"}'},
        "online_shop: connection 'shop_api' is not among connections (shop); add it with its base URL",
    ),
    "an empty root": ({"lakehouse_root": ""}, "parameter lakehouse_root is empty"),
    "no pipelines": ({"pipelines_root": ""}, "parameter pipelines_root is empty"),
    "pipelines elsewhere": ({"pipelines_root": "/nowhere"}, "/nowhere: there is no folder sources/ in it"),
}


@pytest.mark.parametrize(("values", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_value_that_cannot_be_used_is_one_finding(values: dict[str, str], message: str) -> None:
    found = check({**GOOD, **values})
    assert len(found) == 1
    assert found[0].startswith(message)


def test_a_broken_declaration_and_a_wrong_value_are_both_found(broken: Path) -> None:
    found = check({**GOOD, "pipelines_root": str(broken.parents[1]), "business_date": "yesterday"})
    assert len(found) == 2
    assert "yesterday" in found[0]
    assert f"{broken}" in found[1]
    assert "no_such_field" in found[1]


def test_a_draft_that_nobody_has_filled_in_is_found_before_a_run(broken: Path) -> None:
    shipped = (PIPELINES / "sources" / broken.name).read_text()
    broken.write_text(shipped.replace("{value: EUR}", "{value: XXX}"))
    (told,) = check({**GOOD, "pipelines_root": str(broken.parents[1])})
    assert told == f"{broken.name}: a line of the draft waits to be filled in: currency_code: {{value: XXX}}"


def test_a_job_that_reads_no_declarations_is_left_alone() -> None:
    assert check({"business_date": "whenever"}) == []


def test_the_runner_finds_the_check() -> None:
    assert [entry.load() for entry in entry_points(group="lakehouse.checks")] == [check]
