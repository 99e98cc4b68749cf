"""A runner that is killed can write no result: the next command does, and a repair finishes the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bundle_runner.pages import write_pages
from bundle_runner.record.interrupted import close_interrupted, interrupted
from bundle_runner.record.records import AttemptRecord, RunRecord, TaskRecord, keep, read_record, write_record
from bundle_runner.states import ResultState
from tests.bundle.small_bundle import SmallBundle, states, task

LAST_SIGN = "2011-01-05T06:00:09.000Z"
RUNNER = [sys.executable, "-m", "bundle_runner"]


@pytest.fixture
def broken_off() -> RunRecord:
    """Give what a runner wrote before it died: one task done, a loop half done, one task not begun."""
    began = "2011-01-05T06:00:01.000Z"
    done = TaskRecord("first", "notebook", ResultState.SUCCESS, began, began, attempts=(AttemptRecord(1, began),))
    parts = (
        TaskRecord("loop", "notebook", ResultState.SUCCESS, began, began, input=1),
        TaskRecord("loop", "notebook", None, began, input=2, attempts=(AttemptRecord(1, began),)),
    )
    tasks = (done, TaskRecord("loop", "for_each", None, began, iterations=parts), TaskRecord("last", "notebook"))
    return RunRecord(
        "20110105T060000Z-0001", "small", "local", "main", "main", {}, "2011-01-05T06:00:00.000Z", tasks=tasks
    )


def test_what_ran_has_failed_and_what_had_not_begun_is_not_run(broken_off: RunRecord) -> None:
    record = interrupted(broken_off, LAST_SIGN)
    assert (record.state, record.exit_code, record.ended_at) == (ResultState.FAILED, 1, LAST_SIGN)
    assert record.message == "interrupted (INTERNAL_ERROR): the runner died while loop ran"
    assert states(record) == {"first": "SUCCESS", "loop": "FAILED", "last": "UPSTREAM_FAILED"}
    first, loop, _ = record.tasks
    assert first == broken_off.tasks[0]
    assert [str(part.state) for part in loop.iterations] == ["SUCCESS", "FAILED"]
    (attempt,) = loop.iterations[1].attempts
    assert (str(attempt.state), attempt.ended_at) == ("FAILED", LAST_SIGN)


def test_a_runner_may_die_between_two_tasks(broken_off: RunRecord) -> None:
    record = interrupted(RunRecord(**{**vars(broken_off), "tasks": broken_off.tasks[::2]}), LAST_SIGN)
    assert record.message == "interrupted (INTERNAL_ERROR): the runner died between two tasks"


def test_a_run_under_way_is_left_alone_and_an_ended_one_is_not_touched(tmp_path: Path, broken_off: RunRecord) -> None:
    folder = tmp_path / broken_off.run_id
    folder.mkdir()
    with keep(folder):
        write_record(folder, broken_off)
        assert close_interrupted(tmp_path, write_pages) == []
    (closed,) = close_interrupted(tmp_path, write_pages)
    assert read_record(folder) == closed
    assert "interrupted (INTERNAL_ERROR): the runner died" in (folder / "index.html").read_text()
    before = (folder / "run.json").stat().st_mtime_ns
    assert close_interrupted(tmp_path, write_pages) == []
    assert (folder / "run.json").stat().st_mtime_ns == before


def test_a_killed_run_is_failed_for_the_next_command_and_repaired_to_its_end(bundle: SmallBundle) -> None:
    waits = "import time\nwhile not Path('go on').exists():\n    time.sleep(0.05)"
    one = bundle.notebook("one", "from pathlib import Path\nPath('began').touch()", waits)
    bundle.job(task("one", one), task("two", bundle.notebook("two", "1 + 1"), "one"))
    there = ["--bundle", str(bundle.folder)]
    runner = subprocess.Popen([*RUNNER, "run", "main", *there], stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while not (bundle.folder / "began").exists():
        assert time.monotonic() < deadline, "the notebook did not start"
        time.sleep(0.05)
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()

    listed = subprocess.run(
        [*RUNNER, "runs", "list", "--format", "json", *there], check=True, capture_output=True, text=True
    )
    (record,) = json.loads(listed.stdout)
    assert (record["state"], record["exit_code"]) == ("FAILED", 1)
    assert record["message"] == "interrupted (INTERNAL_ERROR): the runner died while one ran"
    said = (
        f"run {record['run_id']} of main was interrupted (INTERNAL_ERROR): the runner died while one ran; it is FAILED"
    )
    assert said in listed.stderr

    (bundle.folder / "go on").touch()
    repaired = subprocess.run([*RUNNER, "repair", "last", *there], check=False, capture_output=True, text=True)
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert "was interrupted" not in repaired.stderr
    (record,) = (read_record(path.parent) for path in (bundle.folder / ".state/runs").glob("*/run.json"))
    assert (states(record), record.message) == ({"one": "SUCCESS", "two": "SUCCESS"}, "")
