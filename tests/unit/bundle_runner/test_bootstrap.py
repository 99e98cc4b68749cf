"""Set-up under a bare Python: what it says, what it repeats and what it leaves alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bundle_runner import bootstrap

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give set-up an empty project."""
    venv = tmp_path / ".venv"
    for name, path in {
        "ROOT": tmp_path,
        "VENV": venv,
        "LOCK": tmp_path / "requirements.lock",
        "STAMP": venv / ".set-up.json",
        "LOG": venv / "set-up.log",
        "SPARK_SUBMIT": venv / "spark" / "bin" / "spark-submit",
    }.items():
        monkeypatch.setattr(bootstrap, name, path)
    (tmp_path / "requirements.lock").write_text(
        "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nzlib-ng==2.0\n"
    )
    return tmp_path


def finish(folder: Path, java: Path) -> None:
    """Leave behind what a finished set-up leaves."""
    submit = folder / ".venv" / "spark" / "bin" / "spark-submit"
    for program in (folder / ".venv/bin/python", folder / ".venv/bin/lakehouse", submit, java):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
    submit.write_text(f"#!/bin/sh\njava='{java}'\n")
    bootstrap.record(*bootstrap.wanted())


def test_file_parses_on_the_pythons_that_it_turns_away() -> None:
    source = Path(bootstrap.__file__).read_text()
    assert ast.parse(source, feature_version=(3, 6)).body
    assert "from __future__ import annotations" not in source  # unknown before 3.7


@pytest.mark.parametrize("version", [(3, 10), (3, 13)], ids=["too old", "too new"])
def test_other_python_is_refused_with_the_command_that_chooses_one(version: tuple[int, int]) -> None:
    with pytest.raises(bootstrap.SetUpError, match=r"needs 3\.11 or 3\.12.*make setup-local PYTHON=python3\.12"):
        bootstrap.check_python(version)


def test_finished_set_up_is_current_until_the_lock_changes(folder: Path) -> None:
    finish(folder, folder / "java")
    assert bootstrap.is_current()
    (folder / "requirements.lock").write_text("uv==1.1\n")
    assert not bootstrap.is_current()


def test_set_up_is_repeated_when_the_chosen_java_is_gone(folder: Path) -> None:
    finish(folder, folder / "java")
    (folder / "java").unlink()
    assert not bootstrap.is_current()


def test_set_up_is_repeated_when_another_java_home_is_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finish(folder, folder / "java")
    monkeypatch.setenv("JAVA_HOME", "/opt/another")
    assert not bootstrap.is_current()


def test_packages_are_done_although_spark_was_interrupted(folder: Path) -> None:
    finish(folder, folder / "java")
    bootstrap.record("python", "root", "packages")
    assert bootstrap.recorded()["packages"] == bootstrap.wanted()["packages"]
    assert not bootstrap.is_current()


def test_damaged_stamp_counts_as_none(folder: Path) -> None:
    finish(folder, folder / "java")
    (folder / ".venv" / ".set-up.json").write_text('{"python": "3.1')
    assert bootstrap.recorded() == {}


@pytest.mark.usefixtures("folder")
def test_one_package_is_cut_from_the_lock_with_all_its_hashes() -> None:
    assert bootstrap.locked_lines("uv") == "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    with pytest.raises(bootstrap.SetUpError, match="has no pip: make lock writes it anew"):
        bootstrap.locked_lines("pip")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("cause: dns error\nfailed to lookup address", "PyPI cannot be reached.*HTTPS_PROXY.*make setup-local"),
        ("error: Hash mismatch for `x==1`", "differs from requirements.lock and was not installed"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
        ("fine so far\nerror: something new", r"^error: something new; everything it said is in \.venv/set-up\.log"),
    ],
    ids=["unreachable", "other hash", "full disk", "unknown authority", "unknown"],
)
@pytest.mark.usefixtures("folder")
def test_what_an_installer_says_becomes_one_sentence(output: str, sentence: str) -> None:
    with pytest.raises(bootstrap.SetUpError, match=sentence):
        raise bootstrap.SetUpError(bootstrap.explain(output))


def test_failing_step_keeps_its_output_in_the_log(folder: Path) -> None:
    with pytest.raises(bootstrap.SetUpError, match="disk is full"):
        bootstrap.run("a step", [sys.executable, "-c", "import sys; sys.exit('No space left on device')"])
    assert (folder / ".venv" / "set-up.log").read_text() == "No space left on device\n"


def test_second_set_up_waits_for_the_first(folder: Path) -> None:
    script = (
        "from pathlib import Path; from bundle_runner import bootstrap;"
        f"bootstrap.ROOT = Path({str(folder)!r});"
        "bootstrap.only_one().__enter__()"
    )
    with bootstrap.only_one():
        second = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert "another set-up of this folder is running" in second.stdout.readline()
        assert second.poll() is None
    assert second.wait(timeout=20) == 0


def test_lock_names_no_address_and_has_a_hash_for_every_package() -> None:
    lock = (PROJECT / "requirements.lock").read_text()
    packages = [line for line in lock.splitlines() if "==" in line]
    assert len(packages) > 100
    assert "://" not in lock
    assert all(line.endswith("\\") for line in packages)


def test_make_says_in_one_sentence_that_a_python_does_not_run(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "setup-local", f"PYTHON={tmp_path}/missing"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "missing is no Python 3 that runs: install 3.11 or 3.12" in done.stderr
