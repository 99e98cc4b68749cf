"""Libraries and dependencies: what this environment has is accepted, anything else is refused with the remedy."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.bundle.requirements import check_installed
from bundle_runner.errors import BundleError
from bundle_runner.plan.prepare import prepare

HERE = version("click")
GOOD = {
    "a name": "click",
    "a version": f"click=={HERE}",
    "a marker for others": "click==0.1; python_version < '3'",
    "another system": "pywin32==1; sys_platform == 'win32'",
    "a wheel": f"./dist/click-{HERE}-py3-none-any.whl",
    "a wheel in a workspace": f"/Workspace/Shared/click-{HERE}+local-py3-none-any.whl",
    "an option": "--index-url https://packages.example.com/simple",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_what_is_installed_is_accepted(text: str) -> None:
    check_installed("it", [text])


BAD = {
    "an absent package": ("no-such-thing>=1", "package no-such-thing is not installed in this environment"),
    "another version": ("click<1", f"this environment has click {HERE}"),
    "an absent wheel": ("./no_such_thing-1.0-py3-none-any.whl", "package no-such-thing is not installed"),
    "another wheel": ("./click-0.1-py3-none-any.whl", f"this environment has click {HERE}"),
    "no wheel": ("./click.whl", "this is not the name of a wheel"),
    "no file": ("-r ./none.txt", r"this file of requirements cannot be read \(FileNotFoundError\)"),
    "no wheel that fits": ("./none/dist/*.whl", "no wheel is there, and no pyproject.toml above it says"),
    "nonsense": ("click =", "this is neither the name of a package with its version"),
}


@pytest.mark.parametrize(("text", "trouble"), BAD.values(), ids=BAD.keys())
def test_what_is_not_installed_is_refused_with_the_command_that_installs_it(text: str, trouble: str) -> None:
    with pytest.raises(BundleError, match=f"^it: {re.escape(text)}: {trouble}.*; nothing was started; .*pip install"):
        check_installed("it", [text])


def test_a_file_of_requirements_is_read_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# ours\n\nclick  # the commands\n--no-binary x\n")
    check_installed("it", [f"-r {file}"])
    file.write_text("click\nno-such-thing==1\n")
    with pytest.raises(BundleError, match=r"txt: no-such-thing==1: package .*pip install no-such-thing==1"):
        check_installed("it", [f"-r {file}"])


def test_a_wheel_that_was_not_built_is_known_by_its_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "click"\n')
    check_installed("it", [f"{tmp_path}/dist/*.whl"])
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "no-such-thing"\n')
    with pytest.raises(BundleError, match=f"package no-such-thing is not installed.*pip install {tmp_path}$"):
        check_installed("it", [f"{tmp_path}/dist/*.whl"])


PROJECTS = {
    "the standard's": ("pyproject.toml", '[project]\nname = "no-such-thing"\n'),
    "Poetry's": ("pyproject.toml", '[tool.poetry]\nname = "no-such-thing"\n'),
    "an old one": ("setup.py", 'setup(name="no-such-thing")'),
}


@pytest.mark.parametrize(("file", "text"), PROJECTS.values(), ids=PROJECTS.keys())
def test_a_wheel_is_built_as_its_artifact_says_else_by_pip(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    wanted = [f"{tmp_path}/dist/*.whl"]
    with pytest.raises(BundleError, match=f"no wheel is there, and package no-such-thing .*pip install {tmp_path}$"):
        check_installed("it", wanted)
    with pytest.raises(BundleError, match=rf"cd {tmp_path} && poetry build && .*pip install {tmp_path}/dist/\*.whl$"):
        check_installed("it", wanted, {tmp_path: "poetry build\n"})


def test_the_artifacts_of_a_bundle_say_how_wheels_are_built(tmp_path: Path) -> None:
    text = BUNDLE.format(library="{whl: ./lib/dist/*.whl}") + "artifacts: {x: {path: lib, build: uv build --wheel}}\n"
    (tmp_path / "databricks.yml").write_text(text)
    (tmp_path / "a.py").touch()
    with pytest.raises(BundleError, match=f"cd {tmp_path}/lib && uv build --wheel && .*pip install {tmp_path}/lib/"):
        prepare(load_bundle(tmp_path), "main", {})


def test_older_wheels_may_lie_beside_the_one_that_is_installed(tmp_path: Path) -> None:
    for number in ("0.1", HERE):
        (tmp_path / f"click-{number}-py3-none-any.whl").touch()
    check_installed("it", [f"{tmp_path}/*.whl"])
    (tmp_path / f"click-{HERE}-py3-none-any.whl").unlink()
    with pytest.raises(BundleError, match=f"this environment has click {HERE}"):
        check_installed("it", [f"{tmp_path}/*.whl"])


BUNDLE = """
bundle: {{name: b}}
targets: {{local: {{default: true, workspace: {{root_path: "${{workspace.file_path}}/.state"}}}}}}
resources:
  jobs:
    main:
      tasks:
        - task_key: a
          spark_python_task: {{python_file: a.py}}
          libraries: [{library}]
"""


@pytest.mark.parametrize(
    ("library", "trouble"),
    [
        ("pypi: {package: no-such-thing}", "task a: library: no-such-thing: package no-such-thing is not installed"),
        ("whl: dist/none-1-py3-none-any.whl", "/dist/none-1-py3-none-any.whl: package none is not installed"),
        ("requirements: none.txt", "/none.txt: this file of requirements cannot be read"),
        ("egg: x.egg", "egg is not run by this runner yet"),
    ],
    ids=["pypi", "whl", "requirements", "egg"],
)
def test_the_libraries_of_a_task_are_looked_for_before_anything_starts(
    tmp_path: Path, library: str, trouble: str
) -> None:
    (tmp_path / "a.py").write_text("")
    (tmp_path / "databricks.yml").write_text(BUNDLE.format(library=f"{{{library}}}"))
    with pytest.raises(BundleError, match=re.escape(trouble)):
        prepare(load_bundle(tmp_path), "main", {})
