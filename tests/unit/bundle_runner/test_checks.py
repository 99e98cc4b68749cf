"""What the project checks before a run: every finding is said, and nothing is started."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bundle_runner.cli import main as cli
from bundle_runner.plan import checks
from tests.unit.bundle_runner.bundle_folder import write

CHECKS = """
def day(parameters):
    return [] if parameters["day"] == "2011-01-05" else [f"day is {parameters['day']!r}", "and day is no date"]

def broken(parameters):
    raise ValueError("oh")
"""
NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": 'day = ""', "outputs": []},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 4,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a bundle with one job and a module of checks."""
    write(
        tmp_path,
        databricks="""
        targets: {local: {workspace: {root_path: "${workspace.file_path}/.state"}}}
        resources:
          jobs:
            main:
              parameters: [{name: day, default: "{{job.name}}"}]
              tasks: [{task_key: a, notebook_task: {notebook_path: ./a.ipynb}}]
        """,
    )
    (tmp_path / "a.ipynb").write_text(json.dumps(NOTEBOOK))
    (tmp_path / "checks_of_the_test.py").write_text(CHECKS)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def install(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    entries = [checks.EntryPoint(name, f"checks_of_the_test:{name}", checks.GROUP) for name in names]
    monkeypatch.setattr(checks, "_installed", lambda: entries)


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["lakehouse", "run", "main", "--bundle", str(folder), *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def test_findings_are_said_line_by_line_and_nothing_is_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, "day")
    assert run(monkeypatch, folder) == 2
    said = capsys.readouterr()
    assert said.err.splitlines() == ["lakehouse: day is 'main'", "and day is no date", "nothing was started"]
    assert said.out == ""
    assert not (folder / ".state").exists()


def test_a_check_that_breaks_is_a_finding(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "broken", "day")
    assert checks.findings({"day": "2011-01-05"}) == ["check broken (checks_of_the_test:broken) failed: ValueError: oh"]


def test_a_job_without_findings_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "day")
    assert run(monkeypatch, folder, "--params", "day=2011-01-05") == 0
    assert len(list((folder / ".state/runs").glob("*/run.json"))) == 1
