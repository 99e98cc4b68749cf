"""The last screen of a failure says where, what, what became of the data, and what to do; nobody reads a stack trace."""

import re
import sys
from pathlib import Path

import pytest

from bundle_runner.cli import main as cli
from tests.failures.planted import BEFORE_THE_RUN, Failure, copy_project

TRACES = ("Traceback", "at org.apache.", "at java.base", "Py4J", "pydantic")


@pytest.mark.parametrize("failure", BEFORE_THE_RUN.values(), ids=BEFORE_THE_RUN)
def test_what_is_wrong_before_a_run_is_said_and_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failure: Failure
) -> None:
    folder = copy_project(tmp_path)
    failure.plant(folder)
    monkeypatch.setattr(sys, "argv", ["lakehouse", *failure.words, "--bundle", str(folder)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    said = capsys.readouterr().err
    assert end.value.code == failure.exit_code, said
    assert re.search(failure.says, said, re.DOTALL), said
    assert re.search(failure.todo, said), said
    assert "nothing was started" in said
    assert [trace for trace in TRACES if trace in said] == []
    assert not (folder / ".lakehouse").exists()
