"""The command line: exit codes, messages without traces, and what must stay fast."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from bundle_runner import cli
from bundle_runner.journal import Journal
from bundle_runner.pasted import pasted
from bundle_runner.plan import runs_folder
from bundle_runner.record import AttemptRecord, RunRecord, TaskRecord, read_record
from bundle_runner.report import Commands, last_lines
from bundle_runner.screen import ended_words
from bundle_runner.states import ResultState
from tests.unit.bundle_runner.bundle_folder import write

RECORD = RunRecord(
    run_id="20110105T000000Z-ab12",
    bundle="small",
    target="local",
    job="main",
    job_name="<b>main</b>",
    parameters={"day": "2011-01-05"},
    started_at="2011-01-05T00:00:00.000Z",
    ended_at="2011-01-05T00:01:15.500Z",
    state=ResultState.FAILED,
    exit_code=3,
    tasks=(
        TaskRecord("load", "for_each", ResultState.SUCCESS, iterations=(TaskRecord("load[a]", "notebook", input="a"),)),
        TaskRecord(
            "gate",
            "notebook",
            ResultState.FAILED,
            started_at="2011-01-05T00:00:00.000Z",
            ended_at="2011-01-05T00:00:02.500Z",
            message="3 rows <script>",
            stopped=True,
            attempts=(
                AttemptRecord(
                    1,
                    "2011-01-05T00:00:00.000Z",
                    ResultState.FAILED,
                    html="tasks/gate/g.html",
                    values={"records": 1234},
                ),
            ),
        ),
    ),
    books=("in 5 = out 5",),
    warnings=("job main takes longer than 60 s",),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a bundle with one finished run."""
    write(
        tmp_path,
        databricks="""
        targets: {local: {workspace: {root_path: "${workspace.file_path}/.state"}}}
        resources: {jobs: {main: {tasks: [{task_key: a, notebook_task: {notebook_path: ./a.ipynb}}]}}}
        """,
    )
    run = runs_folder(tmp_path / ".state") / RECORD.run_id
    run.mkdir(parents=True)
    Journal(run, RECORD)
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["lakehouse", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


USAGE = {
    "an unknown job": (["run", "mian"], "job mian does not exist"),
    "an unknown command": (["rnu"], "no command rnu; did you mean run?"),
    "a parameter without a value": (["run", "main", "--params", "x"], "expected name=value, got 'x'"),
    "an unknown task": (
        ["run", "main", "--only", "a,b+"],
        r"--only b\+: the job has no such task; .*nothing was started",
    ),
    "an unknown parameter": (["run", "main", "--params", "x=1"], "job main has no such parameter"),
    "a missing notebook": (["run", "main"], "task a: .*a.ipynb: there is no such notebook"),
    "an unknown run": (["runs", "show", "2012"], "there is no run 2012; list them: .*lakehouse runs list"),
}


@pytest.mark.parametrize(("words", "message"), USAGE.values(), ids=USAGE.keys())
def test_wrong_usage_is_one_sentence_and_exit_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    monkeypatch.chdir(folder)
    assert call(monkeypatch, *words) == 2
    said = capsys.readouterr().err
    assert re.search(message, said), said
    assert "Traceback" not in said


def test_runs_are_listed_and_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call(monkeypatch, "runs", "list", "--bundle", str(folder))
    assert "20110105T000000Z-ab12  main" in capsys.readouterr().out
    call(monkeypatch, "runs", "show", "last", "--bundle", str(folder))
    assert "gate                  FAILED            2.5 s · 1,234 records · 3 rows <script>" in capsys.readouterr().out
    call(monkeypatch, "runs", "show", "2011", "--bundle", str(folder), "--format", "json")
    assert json.loads(capsys.readouterr().out)["exit_code"] == 3


@pytest.mark.parametrize("run_id", ["last", "2011"])
def test_where_nothing_ran_there_is_nothing_to_show(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], run_id: str
) -> None:
    shutil.rmtree(folder / ".state")
    assert call(monkeypatch, "runs", "show", run_id, "--bundle", str(folder)) == 2
    assert re.search("lakehouse: no runs yet; start one: .*lakehouse run JOB$", capsys.readouterr().err.strip())


def test_a_record_survives_its_file(folder: Path) -> None:
    assert read_record(folder / ".state/runs" / RECORD.run_id) == RECORD


COMMANDS = Commands("lakehouse run main", "lakehouse repair 2011")


def test_the_last_lines_say_verdict_failure_books_and_report() -> None:
    assert last_lines(RECORD, Path("/r"), COMMANDS) == [
        "",
        "FAILED  main · target local · 76 s",
        "  gate stopped: 3 rows <script>",
        "    what it saw: /r/tasks/gate/g.html",
        "  warning: job main takes longer than 60 s",
        "  then run again: lakehouse run main",
        "run     20110105T000000Z-ab12",
        "books   in 5 = out 5",
        "report  /r/index.html",
    ]


def test_a_canceled_run_says_how_it_is_run_again() -> None:
    lines = last_lines(replace(RECORD, state=ResultState.CANCELED, tasks=()), Path("/r"), COMMANDS)
    assert lines[1:4:2] == ["CANCELED  main · target local · 76 s", "  to run it again: lakehouse run main"]


def _commands(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    yield words
    context = click.Context(command)
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        inner = command.get_command(context, name)
        assert inner
        yield from _commands(inner, *words, name)


def test_no_help_is_cut_off(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    commands = list(_commands(cli.lakehouse))
    assert ("simulate", "world") in commands
    for words in commands:
        call(monkeypatch, *words, "--help")
        _usage, told = capsys.readouterr().out.split("\n\n", 1)
        assert "..." not in told


def test_words_of_an_ended_task() -> None:
    both = TaskRecord(
        "x",
        "for_each",
        iterations=tuple(
            TaskRecord("i", "notebook", attempts=(AttemptRecord(1, "", values={"records": n}),)) for n in (2000, 5)
        ),
    )
    assert ended_words(both) == "2,005 records"
    assert ended_words(TaskRecord("x", "condition", outcome="true", message="1 > 0")) == "outcome true"


def test_help_reads_neither_spark_nor_papermill() -> None:
    slow = {"pyspark", "papermill", "nbconvert", "pandas", "nbformat", "IPython"}
    code = f"import sys\nfrom bundle_runner import cli, commands, plan\nprint({slow} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_a_broken_neighbour_does_not_break_the_runner(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = cli.EntryPoint("broken", "no_such_module:command", cli.GROUP)
    monkeypatch.setattr(cli, "_added", lambda: {"broken": entry})
    assert call(monkeypatch, "--help") == 0
    assert "cannot be loaded: ModuleNotFoundError" in capsys.readouterr().out
    assert call(monkeypatch, "broken", "--any", "thing") == 1
    assert "broken (no_such_module:command) cannot be loaded" in capsys.readouterr().err


def test_commands_in_messages_work_as_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bundle_runner.pasted.lakehouse_command", lambda: ".venv/bin/lakehouse")
    assert pasted("then `lakehouse run x`; list them: lakehouse runs list") == (
        "then `.venv/bin/lakehouse run x`; list them: .venv/bin/lakehouse runs list"
    )
    assert pasted("the lakehouse is empty") == "the lakehouse is empty"


def test_added_commands_are_click_commands() -> None:
    names = cli._added()
    assert "simulate" in names
    assert all(isinstance(cli._load(entry), click.Command) for entry in names.values())


def test_two_runs_are_held_against_each_other_and_a_page_is_written_on_wish(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = runs_folder(folder / ".state") / "20110106T000000Z-cd34"
    other.mkdir()
    Journal(other, replace(RECORD, run_id=other.name, parameters={"day": "2011-01-06"}))
    call(monkeypatch, "runs", "diff", "20110105", "20110106", "--page", "--bundle", str(folder))
    first, last = capsys.readouterr().out.splitlines()
    assert first == "parameters  day: 2011-01-05 → 2011-01-06"
    assert last == f"page    {other.parent / 'compare_20110105T000000Z-ab12_20110106T000000Z-cd34.html'}"
    assert Path(last.split(maxsplit=1)[1]).is_file()
    call(monkeypatch, "runs", "diff", "last", "last", "--bundle", str(folder))
    assert capsys.readouterr().out == "the runs do not differ\n"
