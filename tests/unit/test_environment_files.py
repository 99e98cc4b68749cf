"""The files that set an environment up, and those that check it, say the same as the one that is the truth."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from bundle_runner.spark_home.java import NEWEST, OLDEST

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def conda() -> list[Any]:
    """Give the dependencies of the conda environment."""
    dependencies = yaml.safe_load((PROJECT / "environment.yml").read_text())["dependencies"]
    assert len(dependencies) >= 4
    return list(dependencies)


def pin(dependencies: list[Any], name: str) -> str:
    """Return what conda pins a package to; empty if it is free."""
    (found,) = [text for text in dependencies if isinstance(text, str) and re.split("[=<>]", text)[0] == name]
    return str(found).removeprefix(name).lstrip("=")


def test_conda_brings_a_python_that_the_project_supports(conda: list[Any]) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert f"{pin(conda, 'python')}.1" in SpecifierSet(project["requires-python"])


def test_conda_brings_a_java_that_spark_runs_on(conda: list[Any]) -> None:
    assert OLDEST <= int(pin(conda, "openjdk")) <= NEWEST


def test_conda_installs_the_lock_and_pins_none_of_its_packages_again(conda: list[Any]) -> None:
    (pip,) = [part["pip"] for part in conda if isinstance(part, dict)]
    # Anything else beside it would need a hash of its own: pip refuses `--editable .` here.
    assert pip == ["--requirement requirements.lock"]
    locked = set(re.findall(r"(?m)^([a-z0-9._-]+)==", (PROJECT / "requirements.lock").read_text()))
    assert len(locked) > 100
    assert not [part for part in conda if isinstance(part, str) and part.split("=")[0] in locked and "=" in part]


def test_pre_commit_runs_make_lint_and_nothing_else() -> None:
    (repo,) = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repo["repo"] == "local"  # nothing is fetched
    (hook,) = repo["hooks"]
    assert (hook["entry"], hook["language"], hook["pass_filenames"]) == ("make lint", "system", False)


def test_make_lint_asks_every_tool_of_the_project() -> None:
    dry = subprocess.run(["make", "-n", "lint"], cwd=PROJECT, capture_output=True, text=True, check=True)
    asked = re.findall(r"(?m)^\.venv/bin/(.+)$", dry.stdout)
    assert asked == ["ruff check", "ruff format --check", "mypy", "lint-imports --no-logo", "lakehouse lint --strict"]


def test_ruff_reads_the_notebooks_too() -> None:
    seen = subprocess.run(
        [".venv/bin/ruff", "check", "--show-files"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    read = {Path(line).name for line in seen.stdout.splitlines()}
    notebooks = {path.name for path in (PROJECT / "notebooks").glob("*.ipynb")}
    assert notebooks
    assert notebooks <= read
