"""Names of a workspace that mean nothing here are explained, and others are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.launch.program import ProgramCall, run_program
from bundle_runner.launch.stopper import Stopper
from bundle_runner.notebooks.workspace_names import explained, volumes_in
from bundle_runner.plan.prepare import prepare
from tests.unit.bundle_runner.bundle_folder import write

ONLY_THERE = {
    "three parts": "[REQUIRES_SINGLE_PART_NAMESPACE] spark_catalog requires a single-part namespace, but got `a`.`b`.",
    "a catalog": "[PARSE_SYNTAX_ERROR] Syntax error at or near 'main'. SQLSTATE: 42601\n== SQL ==\nUSE CATALOG main",
    "a schema of a catalog": "[SCHEMA_NOT_FOUND] The schema `spark_catalog`.`main`.`a` cannot be found.",
    "a table by Python": "Couldn't find a catalog to handle the identifier main.a.t.",
    "a volume": "[PARSE_SYNTAX_ERROR] Syntax error at or near 'VOLUME'.\n== SQL ==\ncreate volume main.a.v",
}


@pytest.mark.parametrize("error", ONLY_THERE.values(), ids=ONLY_THERE)
def test_what_only_unity_catalog_knows_is_explained(error: str) -> None:
    assert explained(error).startswith(f"{error}\nthere is no Unity Catalog here: ")


@pytest.mark.parametrize(
    "error",
    [
        "[SCHEMA_NOT_FOUND] The schema `spark_catalog`.`a` cannot be found.",
        "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'.\n== SQL ==\nSELECT catalog FORM t",
        "No such file or directory: '/data/Volumes'",
    ],
    ids=["a schema", "a misspelt word", "another path"],
)
def test_what_can_be_wrong_anywhere_is_left_alone(error: str) -> None:
    assert explained(error) == error


def test_a_program_that_misses_a_volume_says_what_that_is(tmp_path: Path) -> None:
    program = tmp_path / "it.py"
    program.write_text("open('/Volumes/main/no/such/file')")
    end = run_program(ProgramCall(("file", str(program)), tmp_path, tmp_path, {}), Stopper())
    assert "No such file" in end.message
    assert "volumes are not mapped here" in end.message


def test_a_value_that_is_a_path_of_a_volume_is_warned_of(tmp_path: Path) -> None:
    values = {"parameter a": "/Volumes/main/x", "task t: b": "dbfs:/Volumes/main/x", "parameter c": f"{tmp_path}"}
    said = list(volumes_in(values))
    assert [words.partition(": /")[0].partition(": dbfs")[0] for words in said] == ["parameter a", "task t: b"]
    assert "is no volume here, but a path of this machine" in said[0]


def test_a_run_is_told_of_such_a_value_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT :place, :own")
    sql = "{warehouse_id: x, file: {path: a.sql}, parameters: {own: /Volumes/main/own}}"
    write(
        tmp_path,
        databricks=f"""
        resources: {{jobs: {{main: {{parameters: [{{name: place, default: x}}], tasks: [{{task_key: a, sql_task: {sql}}}]}}}}}}
        """,
    )
    plan = prepare(load_bundle(tmp_path, root=tmp_path), "main", {"place": "/Volumes/main/x"})
    assert [words.partition(": /")[0] for words in plan.warnings] == ["parameter place", "task a: own"]
