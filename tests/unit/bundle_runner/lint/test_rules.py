"""Each code has a broken bundle that shows it, and a sound bundle shows none."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from bundle_runner.errors import TargetError
from bundle_runner.lint.finding import CODES
from bundle_runner.lint.rules import lint
from tests.unit.bundle_runner.lint.broken import BUNDLES, JOBS, TASKS
from tests.unit.bundle_runner.lint.broken_notebooks import NOTEBOOKS, code, file_of
from tests.unit.bundle_runner.lint.bundle_texts import beside_a, parts, write_bundle

PROJECT = Path(__file__).parents[4]
MARK = re.compile(r"# ([BN]\d{3}): (.*?)(?=  # [BN]\d{3}: |$)", re.MULTILINE)


BROKEN = {
    **{name: beside_a(text) for name, text in {**TASKS, **JOBS}.items()},
    **{name: dedent(text) for name, text in BUNDLES.items()},
}


def expected(text: str) -> set[tuple[str, int, str]]:
    found = set()
    for name, body in parts(text):
        for number, line in enumerate(body.splitlines(), 1):
            found |= {(name, number, match[1]) for match in MARK.finditer(line)}
    return found


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_bundle_is_told_where_it_is_broken_and_nothing_else(name: str, tmp_path: Path) -> None:
    text = BROKEN[name]
    write_bundle(tmp_path, text)
    findings = lint(tmp_path)
    got = {(str(each.where.file.relative_to(tmp_path)), each.where.line, each.code.name) for each in findings}
    assert got == expected(text)
    for match in MARK.finditer(text):
        assert any(match[2].strip() in each.message for each in findings if each.code.name == match[1]), findings


def test_every_code_is_shown_by_a_broken_bundle() -> None:
    shown = {match[1] for text in BROKEN.values() for match in MARK.finditer(text)}
    shown |= {kind for _, kind, _, _ in NOTEBOOKS.values()}
    shown |= {"B006", "N101", "N116", "N117", "N118"}  # tests of their own
    assert set(CODES) == shown


def test_the_page_of_codes_is_the_one_that_the_code_prints() -> None:
    from bundle_runner.lint.page import page

    assert (PROJECT / "docs/lint.md").read_text() == page()


def test_a_comment_keeps_its_code_quiet_on_its_line_only(tmp_path: Path) -> None:
    task = "- {{task_key: {0}, notebook_task: *n, run_if: ALL_DONE}}{1}\n"
    write_bundle(tmp_path, beside_a(task.format("b", "  # lint: ignore B306") + task.format("c", "")))
    assert [(found.where.line, found.code.name) for found in lint(tmp_path)] == [(9, "B306")]


def test_a_target_is_looked_at_alone_when_it_is_named(tmp_path: Path) -> None:
    write_bundle(
        tmp_path,
        """
        bundle: {name: small}
        variables: {place: {description: where}}
        targets:
          dev: {variables: {place: here}, workspace: {root_path: "/${var.place}"}}
          test: {}
        """,
    )
    assert [found.message.split(";")[0] for found in lint(tmp_path)] == ["variable place has no value in target test"]
    assert lint(tmp_path, "dev") == []
    with pytest.raises(TargetError, match=r"target dve does not exist in this bundle; did you mean dev\?"):
        lint(tmp_path, "dve")


def test_what_a_target_adds_to_a_job_is_judged_together_with_it(tmp_path: Path) -> None:
    text = """
    targets:
      dev: {resources: {jobs: {main: {job_clusters: [{job_cluster_key: m, new_cluster: {num_workers: 1}}]}}}}
      test: {}
    """
    write_bundle(tmp_path, beside_a("- {task_key: b, notebook_task: *n, job_cluster_key: m}") + dedent(text))
    assert lint(tmp_path, "dev") == []
    assert [found.code.name for found in lint(tmp_path)] == ["B405"]


def test_a_notebook_that_git_ignores_is_told_unless_sync_includes_it(tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a(""))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("*.ipynb\n")
    assert [(found.where.line, found.code.name) for found in lint(tmp_path)] == [(7, "B006")]
    with (tmp_path / "databricks.yml").open("a") as file:
        file.write("sync: {include: ['*.ipynb']}\n")
    assert lint(tmp_path) == []


@pytest.mark.parametrize("written", ["${var.file}", "./${var.file}"], ids=["the whole text", "a part of it"])
def test_values_of_variables_are_followed_into_the_tasks(written: str, tmp_path: Path) -> None:
    write_bundle(
        tmp_path,
        beside_a(f"- {{task_key: b, notebook_task: {{notebook_path: '{written}'}}}}")
        + "variables: {file: {default: missing.ipynb}}\n",
    )
    assert [(found.where.line, found.code.name) for found in lint(tmp_path)] == [(8, "B005")]


RICH = """
bundle: {name: small}
include: [x.yml]
variables: {a: {default: x}}
sync: {exclude: [x]}
scripts: {b: {content: echo}}
artifacts: {c: {type: whl, path: .}}
permissions: [{level: CAN_VIEW, user_name: x}]
targets: {dev: {mode: production, variables: {a: y}, presets: {tags: {a: b}}}}
resources:
  pipelines: {e: {libraries: [{file: {path: x.py}}]}}
  jobs:
    d:
      run_as: {user_name: x}
      schedule: {quartz_cron_expression: x, timezone_id: x}
      trigger: {periodic: {interval: 1, unit: DAYS}}
      parameters: [{name: a, default: x}]
      job_clusters: [{job_cluster_key: a, new_cluster: {autoscale: {min_workers: 1, max_workers: 2}}}]
      environments: [{environment_key: a, spec: {client: "1"}}]
      tasks:
        - {task_key: a, depends_on: [{task_key: b}], notebook_task: {notebook_path: a.ipynb, base_parameters: {day: "{{tasks.b.values.x}}"}}}
        - {task_key: b, run_if: ALL_DONE, condition_task: {op: LESS_THAN, left: "{{job.id}}", right: "${var.a}"}}
        - {task_key: c, for_each_task: {inputs: "[]", task: {task_key: d, run_job_task: {job_id: 1}}}}
"""


def replaced(node: Any, value: Any) -> Iterator[Any]:
    """Yield copies of a tree in which one node after the other is replaced."""
    yield value
    if isinstance(node, dict):
        for key, item in node.items():
            yield from ({**node, key: other} for other in replaced(item, value))
    if isinstance(node, list):
        for place, item in enumerate(node):
            yield from ([*node[:place], other, *node[place + 1 :]] for other in replaced(item, value))


@pytest.mark.parametrize("value", [None, 7, "${var.a}", [[]], {"a": {}}], ids=str)
def test_lint_has_an_answer_whatever_stands_anywhere(value: Any, tmp_path: Path) -> None:
    write_bundle(tmp_path, RICH)
    bundles = list(replaced(yaml.safe_load(RICH), value))
    assert len(bundles) > 80
    for bundle in bundles:
        (tmp_path / "databricks.yml").write_text(yaml.safe_dump(bundle))
        assert lint(tmp_path)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_broken_notebook_is_told_with_the_line_in_its_file(name: str, tmp_path: Path) -> None:
    text, kind, words, said = NOTEBOOKS[name]
    is_source = text.startswith("# Databricks")
    file = "b.py" if is_source else "b.ipynb"
    where = "existing_cluster_id: x" if "classic" in name else "description: serverless"
    write_bundle(tmp_path, beside_a(f"- {{task_key: b, notebook_task: {{notebook_path: {file}}}, {where}}}"))
    (tmp_path / file).write_text(text)
    (found,) = lint(tmp_path)
    assert (found.where.file.name, found.code.name) == (file, kind)
    assert words in text.splitlines()[found.where.line - 1]
    assert said in found.message


def test_a_line_of_a_cell_is_not_sought_in_its_output(tmp_path: Path) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": ["for y in x"]}
    text = file_of(code("for y in x", tags=["summary"], outputs=[output]))
    write_bundle(tmp_path, beside_a("- {task_key: b, notebook_task: {notebook_path: b.ipynb}}"))
    (tmp_path / "b.ipynb").write_text(text)
    (found,) = lint(tmp_path)
    assert found.where.line == max(number for number, line in enumerate(text.splitlines(), 1) if "for y" in line)


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"nbformat": 4})])
def test_a_notebook_that_cannot_be_read_is_told(text: str, tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a("- {task_key: b, notebook_task: {notebook_path: b.ipynb}}"))
    (tmp_path / "b.ipynb").write_text(text)
    found = lint(tmp_path)
    assert [each.code.name for each in found] == ["N101"]
    assert found[0].message.startswith("this is not a notebook")
