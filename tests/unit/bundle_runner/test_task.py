"""What a notebook says to its job, inside a run, alone, and on Databricks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bundle_runner import task
from tests.unit.bundle_runner.bundle_folder import write


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, outside of any run."""
    for name in ("BUNDLE_TASK_DIR", "BUNDLE_TASK_VALUES", "DATABRICKS_RUNTIME_VERSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand inside an attempt of a run."""
    (tmp_path / "upstream.json").write_text(json.dumps({"first": {"n": 7, "none": None}}))
    monkeypatch.setenv("BUNDLE_TASK_DIR", str(tmp_path))
    monkeypatch.setenv("BUNDLE_TASK_VALUES", str(tmp_path / "upstream.json"))
    return tmp_path


def test_alone_an_empty_value_becomes_that_of_the_local_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path,
        databricks="""
        variables: {root: {default: nowhere}, extra: {default: "${var.root}/extra"}}
        targets: {prod: {default: true}, local: {variables: {root: here}}}
        resources: {jobs: {main: {
          parameters: [{name: place, default: "${var.root}/place"}, {name: moment, default: "{{job.run_id}}"}],
          tasks: [{task_key: a, notebook_task: {notebook_path: a}}]}}}
        """,
    )
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    values = task.parameters(place="", extra="", moment="", other="", given="x", run_id="")
    assert re.fullmatch(r"alone-\d{8}T\d{6}Z", values.pop("run_id"))
    assert values == {"place": "here/place", "extra": "here/extra", "moment": "", "other": "", "given": "x"}


@pytest.mark.usefixtures("attempt")
def test_under_the_runner_an_empty_value_stays_empty() -> None:
    assert task.parameters(place="", run_id="r1") == {"place": "", "run_id": "r1"}


def test_a_parameter_that_is_no_text_is_refused() -> None:
    with pytest.raises(task.TaskError, match="parameter day: expected text, got 5; write it in quotes"):
        task.parameters(day=5)  # type: ignore[arg-type]


def test_values_are_kept_for_later_tasks(attempt: Path) -> None:
    task.set_value("n", 1)
    task.set_value("list", ["ä", {"a": None}])
    task.set_value("n", 2)
    assert json.loads((attempt / "values.json").read_text()) == {"n": 2, "list": ["ä", {"a": None}]}
    assert task.get_value("first", "n") == 7
    assert task.get_value("first", "none", "default") is None
    assert task.get_value("first", "other", "default") == "default"
    assert task.get_value("other", "n") is None


def test_outside_of_a_run_setting_is_silent_and_getting_gives_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    task.set_value("n", 1)
    assert task.get_value("first", "n", 3) == 3
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("attempt")
def test_values_must_be_json_of_bounded_size() -> None:
    with pytest.raises(task.TaskError, match="task value n is not JSON"):
        task.set_value("n", {1, 2})
    with pytest.raises(task.TaskError, match="task value n is not JSON"):
        task.set_value("n", float("nan"))
    task.set_value("n", "x" * (48 * 1024 - 2))
    with pytest.raises(task.TaskError, match="task value n has 49153 bytes, 49152 are allowed; write a table instead"):
        task.set_value("n", "x" * (48 * 1024 - 1))


def test_stop_records_its_reason_and_raises(attempt: Path) -> None:
    with pytest.raises(task.Stop, match=r"^no data$"):
        task.stop("no data")
    assert json.loads((attempt / "stop.json").read_text()) == {"reason": "no data"}


def test_end_prints_the_mark_and_records_it(attempt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task.end("3 rows")
    assert capsys.readouterr().out == "3 rows\nend of notebook\n"
    assert (attempt / "end.json").is_file()


def test_on_databricks_widgets_win(monkeypatch: pytest.MonkeyPatch) -> None:
    class Widgets:
        def get(self, name: str) -> str:
            return {"place": "s3://lake"}[name]

    class Utils:
        widgets = Widgets()

    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "18.0")
    monkeypatch.setattr(task, "_dbutils", Utils)
    assert task.parameters(place="", other="default") == {"place": "s3://lake", "other": "default"}


@pytest.mark.parametrize("how", ["end", "stop"])
def test_a_value_for_the_end_is_asked_for_when_the_notebook_ends_or_stops(
    attempt: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(task, "_AT_END", {})
    seen: list[str] = []
    task.set_at_end("tables", lambda: [*seen])
    seen.append("t")
    if how == "end":
        task.end()
    else:
        with pytest.raises(task.Stop, match="no"):
            task.stop("no")
    assert json.loads((attempt / "values.json").read_text()) == {"tables": ["t"]}
