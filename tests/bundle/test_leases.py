"""Jobs that write the same lakehouse: one run works, the other is told who does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bundle_runner.errors import HoldError
from bundle_runner.run.execute import Run
from bundle_runner.run.holds import take_holds
from sales_lakehouse.lease.folder import FolderStore
from sales_lakehouse.lease.take import Clock, newest, take
from tests.bundle.small_bundle import SmallBundle, by_key, states

PAIRS = Path(__file__).with_name("pairs.py")
STARTS = 50 if os.environ.get("TORTURE") else 5
WAITS = """
import time
from pathlib import Path

deadline = time.monotonic() + 60
while not Path("end").exists() and time.monotonic() < deadline:
    time.sleep(0.01)
"""
WRITES = """
import sys
from sales_lakehouse.lease import writing

with writing(sys.argv[1], "the task's own name"):
    print("written")
"""
ROOT = [{"name": "lakehouse_root", "default": "${workspace.root_path}/lake"}]


def program(bundle: SmallBundle, text: str, *words: str) -> dict[str, Any]:
    (bundle.folder / "program.py").write_text(text)
    return {"task_key": "only", "spark_python_task": {"python_file": "./program.py", "parameters": list(words)}}


def give_up(_: str) -> bool:
    return True


@pytest.fixture
def store(bundle: SmallBundle) -> FolderStore:
    return FolderStore(bundle.folder / ".state/lake")


def test_of_pairs_of_starts_one_works_and_the_other_names_it(bundle: SmallBundle) -> None:
    bundle.job(program(bundle, WAITS), parameters=ROOT)
    done = subprocess.run(
        [sys.executable, PAIRS, bundle.folder, f"{STARTS}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    pairs = json.loads(done.stdout)
    assert len(pairs) == STARTS
    assert [pair["codes"] for pair in pairs] == [[4, 0]] * STARTS, [pair["said"] for pair in pairs]
    assert all(pair["said"].startswith("main: run 20") and " holds the lease " in pair["said"] for pair in pairs)
    assert max(pair["seconds"] for pair in pairs) < 10


def test_the_tasks_of_a_run_write_under_its_lease(bundle: SmallBundle, store: FolderStore) -> None:
    bundle.job(program(bundle, WRITES, "{{job.parameters.lakehouse_root}}"), parameters=ROOT)
    plan = bundle.plan()
    with take_holds(plan, {}, give_up) as held:
        record = Run(plan, bundle.watcher, held=held).execute()
        assert states(record) == {"only": "SUCCESS"}, by_key(record)["only"].message
        assert store.numbers() == [1]
    entry = newest(store)
    assert entry is not None
    assert entry.is_free


def test_the_tasks_of_a_run_that_lost_its_lease_do_not_write(bundle: SmallBundle, store: FolderStore) -> None:
    bundle.job(program(bundle, WRITES, "{{job.parameters.lakehouse_root}}"), parameters=ROOT)
    plan = bundle.plan()
    with take_holds(plan, {}, give_up) as held:
        assert store.create(2, b"somebody else's")
        record = Run(plan, bundle.watcher, held=held).execute()
    assert "LeaseLostError: this run's lease" in by_key(record)["only"].message


def test_a_job_that_queues_waits_for_the_lease_and_hears_who_holds_it(bundle: SmallBundle, store: FolderStore) -> None:
    bundle.job(program(bundle, WAITS), parameters=ROOT, queue={"enabled": True})
    first = take(store, "first", Clock())
    heard = []

    def wait(why: str) -> bool:
        heard.append(why)
        if len(heard) == 3:
            first.release(first.holder.since)
        return False

    with take_holds(bundle.plan(), {}, wait):
        assert [why[:10] for why in heard] == ["run first "] * 3


def test_a_job_that_is_run_by_another_shares_its_lease(bundle: SmallBundle, store: FolderStore) -> None:
    inner = {"tasks": [program(bundle, WRITES, "{{job.parameters.lakehouse_root}}")], "parameters": ROOT}
    call = {"task_key": "call", "run_job_task": {"job_id": "${resources.jobs.inner.id}"}}
    bundle.job(call, parameters=ROOT, others={"inner": inner})
    plan = bundle.plan()
    with take_holds(plan, {}, give_up) as held:
        record = Run(plan, bundle.watcher, held=held).execute()
    assert states(record) == {"call": "SUCCESS"}, by_key(record)["call"].message
    assert store.numbers() == [1]


def test_a_job_whose_inner_job_finds_the_lease_held_says_who_holds_it(bundle: SmallBundle, store: FolderStore) -> None:
    inner = {"tasks": [program(bundle, WRITES, "{{job.parameters.lakehouse_root}}")], "parameters": ROOT}
    bundle.job({"task_key": "call", "run_job_task": {"job_id": "inner"}}, others={"inner": inner})
    take(store, "first", Clock())
    message = by_key(bundle.run())["call"].message
    assert message.startswith("inner: run first (process "), message


def test_a_lease_that_cannot_be_kept_is_a_wrong_start(bundle: SmallBundle) -> None:
    bundle.job(program(bundle, WAITS), parameters=[{"name": "lakehouse_root", "default": "nowhere://bucket"}])
    with pytest.raises(HoldError, match=r"^main: nowhere://bucket: .*; nothing was started; ") as told:
        take_holds(bundle.plan(), {}, give_up).__enter__()
    assert told.value.exit_code == 2
