"""Values of other tasks that a notebook asks for in its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_runner.lint.rules import lint
from tests.unit.bundle_runner.lint.broken_notebooks import notebook
from tests.unit.bundle_runner.lint.bundle_texts import beside_a, write_bundle

TASKS = """
- {task_key: plan, notebook_task: {notebook_path: source.py}}
- {task_key: b, depends_on: [{task_key: plan}], notebook_task: {notebook_path: b.ipynb}}
"""
WRONG = {
    'task.get_value("plan", "wrk")': ("N113", "source.py of task plan never sets wrk; did you mean work?"),
    'dbutils.jobs.taskValues.get(key="wrk", taskKey="plan")': ("N113", "never sets wrk"),
    'task.get_value(task_key="plan", key="wrk")': ("N113", "never sets wrk"),
    'task.get_value("plna", "work")': ("N118", "job main has no task plna; did you mean plan?"),
    'task.get_value("a", "x")': ("N118", "task a need not have ended before b; add it to depends_on"),
}
RIGHT = [
    'task.get_value("plan", "work")',
    'task.get_value(task_key="plan", key="work")',
    'task.get_value("plna", "work", "0")',
    'task.get_value(some_task, "work")',
    'shelf.get("plna", "work")',
]


@pytest.mark.parametrize("written", WRONG)
def test_a_value_that_no_task_before_gives_is_told(written: str, tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a(TASKS))
    (tmp_path / "b.ipynb").write_text(notebook("x = 1", f"y = {written}"))
    (found,) = lint(tmp_path)
    kind, words = WRONG[written]
    assert found.code.name == kind
    assert words in found.message
    assert "y =" in (tmp_path / "b.ipynb").read_text().splitlines()[found.where.line - 1]


@pytest.mark.parametrize("written", RIGHT)
def test_a_value_that_may_be_there_is_no_finding(written: str, tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a(TASKS))
    (tmp_path / "b.ipynb").write_text(notebook(f"y = {written}"))
    assert lint(tmp_path) == []


def test_a_task_in_a_loop_stands_where_the_loop_stands(tmp_path: Path) -> None:
    inner = "{task_key: c, notebook_task: {notebook_path: b.ipynb, base_parameters: {day: '{{input}}'}}}"
    loop = f"- {{task_key: b, depends_on: [{{task_key: plan}}], for_each_task: {{inputs: '[1]', task: {inner}}}}}\n"
    plan = "- {task_key: plan, notebook_task: {notebook_path: source.py}}\n"
    write_bundle(tmp_path, beside_a(plan + loop))
    (tmp_path / "b.ipynb").write_text(
        notebook('day = task.get_value("plan", "work")', 'other = task.get_value("a", "x")')
    )
    assert [(found.code.name, found.message) for found in lint(tmp_path)] == [
        ("N118", "cell 1: task a need not have ended before b; add it to depends_on")
    ]
