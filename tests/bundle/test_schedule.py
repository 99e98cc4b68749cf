"""`lakehouse schedule` as a process: it starts runs by itself, and Ctrl-C ends it with them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bundle_runner.record.records import RunRecord, read_record
from bundle_runner.states import ResultState
from tests.bundle.small_bundle import SmallBundle

TOLD = "import sys, pathlib; pathlib.Path('told').write_text(' '.join(sys.argv[1:]))"
CONTINUOUS = {"continuous": {"pause_status": "UNPAUSED"}}


def program(bundle: SmallBundle, text: str, *words: str) -> dict[str, object]:
    (bundle.folder / "it.py").write_text(text)
    return {"task_key": "it", "spark_python_task": {"python_file": "./it.py", "parameters": list(words)}}


@contextmanager
def schedule(bundle: SmallBundle, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Give a schedule that goes on; a test that fails leaves none behind."""
    command = [sys.executable, "-m", "bundle_runner", "schedule", "--bundle", str(bundle.folder), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def wait_for(there: Callable[[], bool]) -> None:
    until = time.monotonic() + 90
    while not there():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)


def records(folder: Path) -> list[RunRecord]:
    return [read_record(path.parent) for path in sorted(folder.glob(".state/runs/*/run.json"))]


def test_a_job_is_run_by_its_trigger_and_told_of_it(bundle: SmallBundle) -> None:
    when = "{{job.trigger.type}} {{job.trigger.time.iso_date}}"
    bundle.job(program(bundle, TOLD, when), **CONTINUOUS)
    with schedule(bundle) as process:
        wait_for(lambda: any(record.state for record in records(bundle.folder)))
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 130
    first = records(bundle.folder)[0]
    assert (first.state, first.occasion.kind) == (ResultState.SUCCESS, "continuous")
    assert (bundle.folder / "told").read_text().split() == ["continuous", str(first.occasion.at)[:10]]
    assert "main: started (continuous)" in said
    assert "main | " in said
    assert "SUCCESS  main · target local" in said


def test_ctrl_c_cancels_the_run_that_goes_on(bundle: SmallBundle) -> None:
    bundle.job(program(bundle, "import pathlib, time; pathlib.Path('on').touch(); time.sleep(300)"), **CONTINUOUS)
    with schedule(bundle) as process:
        wait_for((bundle.folder / "on").exists)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 130
    assert "main: is canceled" in said
    assert [str(record.state) for record in records(bundle.folder)] == ["CANCELED"]


def test_paused_jobs_are_named_and_not_run(bundle: SmallBundle) -> None:
    bundle.job(program(bundle, TOLD), continuous={"pause_status": "PAUSED"})
    with schedule(bundle) as process:
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 2
    assert "main: paused (continuous); --unpause runs it, too" in said
    assert "all jobs that something starts are paused; run them by --unpause; nothing was started" in said
    with schedule(bundle, "--unpause") as process:
        wait_for((bundle.folder / "told").exists)


def test_the_next_times_are_printed_and_nothing_is_run(bundle: SmallBundle) -> None:
    bundle.job(
        program(bundle, TOLD), schedule={"quartz_cron_expression": "0 0 6 29 2 ?", "timezone_id": "Asia/Kolkata"}
    )
    with schedule(bundle, "--dry-run", "2") as process:
        said = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    assert said[0] == "main: cron 0 0 6 29 2 ? in Asia/Kolkata"
    assert len(said) == 3
    assert all("-02-29 06:00:00 IST  (" in line for line in said[1:])
    assert not (bundle.folder / ".state").exists()
