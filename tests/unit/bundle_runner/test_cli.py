"""The command line: exit codes, messages without traces, and what must stay fast."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from bundle_runner.cli import main as cli
from bundle_runner.cli.last_lines import Commands, last_lines
from bundle_runner.cli.pasted import NOTE, WITHIN, as_pasted, note_within, pasted, words_within
from bundle_runner.cli.screen import ended_words
from bundle_runner.launch.notebook import bounded
from bundle_runner.plan.prepare import runs_folder
from bundle_runner.record.journal import Journal
from bundle_runner.record.records import AttemptRecord, RunRecord, TaskRecord, now, read_record
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
    "an unknown command of a group": (["runs", "shwo"], "lakehouse: no command runs shwo; did you mean show?"),
    "a broken option": (["run", "main", "--params"], r"^lakehouse: Option '--params' requires an argument"),
    "a date that is none": (["backfill", "main", "--from", "x", "--to", "2011-01-04"], "'x' does not match the format"),
    "a backfill without a parameter": (
        ["backfill", "main", "--from", "2011-01-04", "--to", "2011-01-05"],
        r"which parameter takes the date\? Say --param NAME \(it has none\)",
    ),
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


def test_a_run_that_goes_on_is_shown_as_it_stands_and_one_whose_runner_died_as_failed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs_folder(folder / ".state") / "20110106T000000Z-cd34"
    run.mkdir()
    tasks = (
        replace(RECORD.tasks[1], task_key="load", state=ResultState.SUCCESS, message=""),
        TaskRecord("silver", "notebook", started_at=now()),
        TaskRecord("gold", "notebook"),
    )
    journal = Journal(run, replace(RECORD, run_id=run.name, tasks=tasks, state=None, ended_at=None, started_at=now()))
    for words in (["list"], ["show", "last"]):
        call(monkeypatch, "runs", *words, "--bundle", str(folder))
        assert (
            "20110106T000000Z-cd34  main                  RUNNING                      0 s" in capsys.readouterr().out
        )
    call(monkeypatch, "runs", "show", "last", "--bundle", str(folder))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["load", "SUCCESS"], ["silver", "RUNNING"], ["gold", "WAITING"]]
    assert re.search(r"\d s so far$", lines[2])
    assert call(monkeypatch, "runs", "open", "last", "--bundle", str(folder)) == 2
    assert "has no page: it is still under way" in capsys.readouterr().err
    journal._kept.close()
    call(monkeypatch, "runs", "show", "last", "--bundle", str(folder))
    assert "FAILED" in capsys.readouterr().out.splitlines()[0]
    assert call(monkeypatch, "runs", "open", "last", "--print", "--bundle", str(folder)) == 0


def test_the_page_of_a_run_is_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = runs_folder(folder / ".state") / RECORD.run_id / "index.html"
    page.write_text("x")
    opened = tmp_path / "opened"
    monkeypatch.setattr(webbrowser, "_tryorder", ["ours"])
    browser = webbrowser.GenericBrowser(
        [sys.executable, "-c", f"import sys; open({str(opened)!r}, 'w').write(sys.argv[1])", "%s"]
    )
    monkeypatch.setattr(webbrowser, "_browsers", {"ours": [None, browser]})
    call(monkeypatch, "runs", "open", "--print", "--bundle", str(folder))
    assert capsys.readouterr().out == f"{page}\n"
    assert not opened.exists()
    call(monkeypatch, "runs", "open", "--bundle", str(folder))
    assert opened.read_text() == page.as_uri()


def test_a_run_tells_which_versions_it_published(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = {"gold.products": 3, "gold.days": 12}
    uses = {"bronze.shop": 1, "silver.sales": 0, "silver.customers": 4, "loose": 2}
    wrote = [{"table": table, "written": version} for table, version in uses.items()]
    wrote += [{"table": "silver.sales", "written": 3}, {"table": "gold.days", "read": 11}]
    attempt = AttemptRecord(1, RECORD.started_at, ResultState.SUCCESS, values={"published": versions, "tables": wrote})
    gate = TaskRecord("gate", "notebook", ResultState.SUCCESS, attempts=(attempt,))
    run = runs_folder(folder / ".state") / "20110106T000000Z-cd34"
    run.mkdir()
    Journal(run, replace(RECORD, run_id=run.name, tasks=(gate,)))
    call(monkeypatch, "runs", "show", "20110106", "--bundle", str(folder))
    assert (
        "published  gold.days version 12, gold.products version 3\nwrote  loose version 2\n"
        "wrote  bronze: shop version 1\nwrote  silver: customers version 4, sales version 3\n"
    ) in capsys.readouterr().out
    call(monkeypatch, "runs", "show", "20110105", "--bundle", str(folder))
    assert "published" not in capsys.readouterr().out


def test_the_last_run_is_the_last_that_somebody_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs_folder(folder / ".state") / "20110106T000000Z-cd34"
    run.mkdir()
    Journal(run, replace(RECORD, run_id=run.name, parent=f"{RECORD.run_id}.gate"))
    call(monkeypatch, "runs", "show", "last", "--bundle", str(folder))
    assert capsys.readouterr().out.startswith(RECORD.run_id)


@pytest.mark.parametrize("run_id", ["last", "2011"])
def test_where_nothing_ran_there_is_nothing_to_show(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], run_id: str
) -> None:
    shutil.rmtree(folder / ".state")
    assert call(monkeypatch, "runs", "show", run_id, "--bundle", str(folder)) == 2
    told = re.escape(f"lakehouse run JOB --bundle {folder}")
    assert re.search(f"lakehouse: no runs yet; start one: .*{told}$", capsys.readouterr().err.strip())


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


def failed(name: str, message: str, **facts: Any) -> TaskRecord:
    attempt = AttemptRecord(1, "", ResultState.FAILED, html=f"tasks/{name}/n.html", **facts)
    return TaskRecord(name, "notebook", ResultState.FAILED, message=message, stopped=True, attempts=(attempt,))


def test_a_gate_that_stopped_says_what_to_look_at_and_nothing_twice() -> None:
    gate = failed("gate", "gate: 3 rows break it", values={"next": ["which rows: `look here`"]})
    report = failed("report", "the run is not complete", values={"report": True})
    record = replace(RECORD, tasks=(gate, report), report="tasks/report/n.html", warnings=(), books=())
    assert last_lines(record, Path("/r"), COMMANDS) == [
        "",
        "FAILED  main · target local · 76 s",
        "  gate stopped: 3 rows break it",
        "    which rows: `look here`",
        "    what it saw: /r/tasks/gate/n.html",
        "  report stopped: the run is not complete",
        "  then run again: lakehouse run main",
        "run     20110105T000000Z-ab12",
        "report  /r/tasks/report/n.html",
    ]


def test_of_iterations_that_failed_the_first_is_told_in_full() -> None:
    reason = f"nothing answers: {'x ' * 200}start the shop"
    parts = tuple(failed(f"land[{name}]", reason) for name in "ab")
    record = replace(RECORD, tasks=(TaskRecord("land", "for_each", ResultState.FAILED, iterations=parts),))
    told = [line for line in last_lines(record, Path("/r"), COMMANDS) if line.startswith("  land")]
    assert told[0] == f"  land[a] stopped: {reason}"
    assert told[1].startswith("  land[b] stopped: nothing answers: x x")
    assert told[1].endswith(" …")
    assert len(told[1]) < 150


def test_a_line_of_progress_holds_the_beginning_of_a_long_message() -> None:
    told = ended_words(failed("gate", "a rule breaks " * 50))
    assert told.startswith("a rule breaks a rule")
    assert told.endswith(" …")
    assert len(told) < 120


def test_a_long_message_keeps_where_it_happened_and_what_to_do() -> None:
    told = bounded(f"gate: here {'x' * 900}; then do this")
    assert told.startswith("gate: here xxx")
    assert told.endswith("xxx; then do this")
    assert len(told) <= 600


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
    ours = "from bundle_runner.cli import commands, main"
    code = f"import sys\n{ours}\nfrom bundle_runner.plan import prepare\nprint({slow} & set(sys.modules))"
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
    monkeypatch.setattr("bundle_runner.cli.pasted.lakehouse_command", lambda: ".venv/bin/lakehouse")
    assert pasted("then `lakehouse run x`; list them: lakehouse runs list") == (
        "then `.venv/bin/lakehouse run x`; list them: .venv/bin/lakehouse runs list"
    )
    assert pasted("the lakehouse is empty") == "the lakehouse is empty"


WORLD = ["lakehouse", "simulate", "world", "--date", "2011-01-06", "--"]
RUN_AGAIN = (
    "next: .venv/bin/lakehouse simulate world --date 2011-01-06 -- .venv/bin/lakehouse run x; "
    "see `.venv/bin/lakehouse runs list`"
)


def test_a_run_whose_surroundings_end_with_it_is_run_again_within_them_also_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bundle_runner.cli.pasted.lakehouse_command", lambda: ".venv/bin/lakehouse")
    text = "next: lakehouse run x; see `lakehouse runs list`"
    monkeypatch.setenv(WITHIN, shlex.join([str(os.getppid()), *WORLD]))
    assert pasted(text, tmp_path) == RUN_AGAIN
    assert as_pasted([*words_within(tmp_path), "lakehouse", "run", "x"]) in RUN_AGAIN
    note_within(tmp_path, succeeded=False)
    monkeypatch.delenv(WITHIN)
    assert pasted(text, tmp_path) == RUN_AGAIN
    note_within(tmp_path, succeeded=False)
    assert words_within(tmp_path) == WORLD
    note_within(tmp_path, succeeded=True)
    assert pasted(text, tmp_path) == "next: .venv/bin/lakehouse run x; see `.venv/bin/lakehouse runs list`"


def test_surroundings_that_last_need_not_be_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WITHIN, shlex.join(["1", *WORLD]))
    assert words_within(tmp_path) == []


def test_a_command_that_holds_another_is_not_put_within_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bundle_runner.cli.pasted.lakehouse_command", lambda: "L")
    (tmp_path / NOTE).write_text(shlex.join(WORLD))
    told = pasted("`lakehouse simulate world --date DAY -- lakehouse run x` starts it", tmp_path)
    assert told == "`L simulate world --date DAY -- L run x` starts it"


def test_what_a_command_is_called_by_may_be_several_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bundle_runner.cli.pasted.lakehouse_command", lambda: "python -m bundle_runner")
    assert as_pasted(["lakehouse", "run", "a b"]) == "python -m bundle_runner run 'a b'"


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
