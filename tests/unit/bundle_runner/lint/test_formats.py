"""How findings are told: to people, to programs, and as an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bundle_runner.cli import main as cli
from bundle_runner.errors import UsageError
from bundle_runner.lint.finding import CODES
from tests.unit.bundle_runner.bundle_folder import write

ERROR = 'scripts: {a: {content: "echo ${HOME}, 100%"}}'
WARNING = "variables: {unused: {default: x}}"


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.lakehouse, ["lint", "--bundle", str(folder), *words])


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [("", [], 0), (WARNING, [], 0), (WARNING, ["--strict"], 2), (ERROR, [], 2)],
    ids=["sound", "a warning", "a warning under --strict", "an error"],
)
def test_the_exit_code_tells_whether_it_fails(text: str, words: list[str], code: int, tmp_path: Path) -> None:
    assert run(write(tmp_path, databricks=text), *words).exit_code == code


def test_the_text_has_a_line_for_each_finding_and_a_sum(tmp_path: Path) -> None:
    write(tmp_path, databricks=f"{WARNING}\n{ERROR}")
    assert run(tmp_path).output.splitlines() == [
        "databricks.yml:2:13: warning B202: variable unused is never used; remove it or say ${var.unused}",
        "databricks.yml:3:15: error B209: script a: the CLI takes ${HOME} for its own and refuses it; write $HOME",
        "1 error, 1 warning",
    ]
    assert run(write(tmp_path, databricks="")).output == "nothing found\n"


def test_json_has_the_facts_of_each_finding(tmp_path: Path) -> None:
    (found,) = json.loads(run(write(tmp_path, databricks=ERROR), "--format", "json").output)
    assert found.pop("message").startswith("script a: the CLI takes ${HOME}")
    assert found == {"file": "databricks.yml", "line": 2, "column": 15, "code": "B209", "severity": "error"}
    assert json.loads(run(write(tmp_path, databricks=""), "--format", "json").output) == []


def test_sarif_has_what_version_2_1_0_requires(tmp_path: Path) -> None:
    write(tmp_path, databricks=f"{WARNING}\n{ERROR}")
    log = json.loads(run(tmp_path, "--format", "sarif").output)
    assert log["version"] == "2.1.0"
    (told,) = log["runs"]
    rules = told["tool"]["driver"]["rules"]
    assert told["tool"]["driver"]["name"]
    assert [rule["id"] for rule in rules] == ["B202", "B209"]
    assert {rule["defaultConfiguration"]["level"] for rule in rules} == {"warning", "error"}
    assert all(rule["shortDescription"]["text"] == CODES[rule["id"]].title for rule in rules)
    assert len(told["results"]) == 2
    for result in told["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "databricks.yml", "uriBaseId": "BUNDLE"}
        assert place["region"]["startLine"] in (2, 3)
    assert told["originalUriBaseIds"]["BUNDLE"]["uri"] == f"{tmp_path.as_uri()}/"


def test_github_shows_an_annotation_whatever_the_sentence_holds(tmp_path: Path) -> None:
    write(tmp_path, databricks="resources: {jobs: {main: {tasks: [{task_key: 'a%b', run_job_task: {job_id: 1}}]}}}")
    assert run(tmp_path, "--format", "github").output == (
        "::error file=databricks.yml,line=2,col=36,title=B413::"
        "task_key 'a%25b': only up to 100 letters, digits, - and _ are allowed\n"
    )


def test_a_file_above_the_bundle_is_named_in_full(tmp_path: Path) -> None:
    (tmp_path / "common.yml").write_text("jobs: {}\n")
    (tmp_path / "inner").mkdir()
    write(tmp_path / "inner", databricks="include: [../common.yml]")
    assert "common.yml:1:1: error B101: the bundle has no field jobs" in run(tmp_path / "inner").output


def test_a_folder_without_a_bundle_is_wrong_usage(tmp_path: Path) -> None:
    found = run(tmp_path)
    assert isinstance(found.exception, UsageError)
    assert found.exception.exit_code == 2
