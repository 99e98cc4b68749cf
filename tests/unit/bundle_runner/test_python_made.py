"""Jobs that Python code makes are told by name, and the code is not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.errors import UsageError
from bundle_runner.lint.command import lint_bundle
from tests.unit.bundle_runner.bundle_folder import write

CODE = """
raise SystemExit("this code is not run")

daily = Job.from_dict({"name": "x"})
weekly: Job = Job(name="y")

@job(name="z")
def monthly(): ...

def load(bundle):
    resources.add_job("yearly", {})
    resources.add_job(resource_name=f"{bundle}", job={})
    no_job = Task()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a bundle with jobs in Python and none in YAML."""
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources/jobs.py").write_text(CODE)
    (tmp_path / "resources/broken.py").write_text("def (")
    return write(tmp_path, databricks="targets: {local: {}}\npython: {resources: ['resources:load']}")


def test_lint_names_what_it_does_not_look_at(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint_bundle(folder, None, "text", strict=True) == 0
    assert capsys.readouterr().out == (
        "nothing found\n"
        "not looked at, nor can they be run here: the jobs that Python code makes (resources:load): "
        "daily, weekly, monthly, yearly\n"
    )
    lint_bundle(folder, None, "json", strict=True)
    assert capsys.readouterr().out == "[]\n"


def test_such_a_job_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"job weekly is made by Python code \(resources:load\), which this runner"):
        load_bundle(folder, None, {}, {}).job("weekly")
    with pytest.raises(UsageError, match="it may be one that Python code makes"):
        load_bundle(folder, None, {}, {}).job("hourly")
