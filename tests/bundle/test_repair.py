"""Repairs with real kernels: what failed runs again in the same run, what succeeded stays."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bundle_runner.cli.pasted import lakehouse_command
from bundle_runner.errors import UsageError
from bundle_runner.record.records import RunRecord, read_record
from bundle_runner.run.execute import Run
from bundle_runner.states import ResultState
from tests.bundle.small_bundle import SmallBundle, by_key, states, task

TASK = "from bundle_runner import task"
COUNT = "from pathlib import Path\nPath('ran').open('a').write(f'{name}\\n')"


def _ran(bundle: SmallBundle) -> list[str]:
    return (bundle.folder / "ran").read_text().split()


@pytest.fixture
def broken(bundle: SmallBundle) -> RunRecord:
    """Give a run of first → second → third with a report, whose second task failed until `mended` is there."""
    first = bundle.notebook(
        "first",
        TASK,
        COUNT,
        "task.set_value('n', day)\ntask.set_value('books', ['7 in'])",
        parameters='name = ""\nday = ""',
    )
    second = bundle.notebook(
        "second",
        COUNT,
        "assert n == day\nassert Path('mended').exists(), f'attempt {count}, repair {repair}'",
        parameters='name = ""\nday = ""\nn = ""\ncount = ""\nrepair = ""',
    )
    third = bundle.notebook("third", COUNT, parameters='name = ""\nday = ""')
    values = {"n": "{{tasks.first.values.n}}", "count": "{{task.execution_count}}", "repair": "{{job.repair_count}}"}
    bundle.job(
        task("first", first, values={"name": "first"}),
        task("second", second, "first", values={"name": "second", **values}),
        task("third", third, "second", values={"name": "third"}),
        task("report", third, "third", run_if="ALL_DONE", values={"name": "report"}),
        task("beside", third, values={"name": "beside"}),
        parameters=[{"name": "day", "default": "2011-01-04"}],
    )
    record = bundle.run(day="2011-01-05")
    assert states(record) == {
        "first": "SUCCESS",
        "second": "FAILED",
        "third": "UPSTREAM_FAILED",
        "report": "SUCCESS",
        "beside": "SUCCESS",
    }
    (bundle.folder / "ran").unlink()
    return record


def test_a_repair_runs_what_failed_and_what_hung_on_it_with_the_same_parameters(
    bundle: SmallBundle, broken: RunRecord
) -> None:
    (bundle.folder / "mended").touch()
    record = bundle.repair(broken)
    assert set(states(record).values()) == {"SUCCESS"}, [one.message for one in record.tasks]
    assert sorted(_ran(bundle)) == ["report", "second", "third"]
    assert (record.run_id, record.parameters, record.started_at) == (
        broken.run_id,
        {"day": "2011-01-05"},
        broken.started_at,
    )
    assert (str(record.state), record.exit_code, record.repair_count) == ("SUCCESS", 0, 1)
    assert by_key(record)["first"] == by_key(broken)["first"]
    assert record.books == ("7 in",)
    failed, mended = by_key(record)["second"].attempts
    assert (failed, str(mended.state), mended.number) == (by_key(broken)["second"].attempts[0], "SUCCESS", 2)
    folder = bundle.folder / ".state/runs" / record.run_id
    assert [(folder / str(one.notebook)).is_file() for one in (failed, mended)] == [True, True]
    assert read_record(folder) == record
    with pytest.raises(UsageError, match=rf"run {record.run_id} has nothing to repair: no task of it failed"):
        bundle.repair(record)


def test_a_repair_counts_and_may_fail_again(bundle: SmallBundle, broken: RunRecord) -> None:
    assert by_key(broken)["second"].message.endswith("attempt 1, repair 0")
    once = bundle.repair(broken)
    assert by_key(once)["second"].message.endswith("attempt 2, repair 1")
    twice = bundle.repair(once)
    assert by_key(twice)["second"].message.endswith("attempt 3, repair 2")
    assert (str(twice.state), twice.exit_code, twice.repair_count) == ("SUCCESS_WITH_FAILURES", 1, 2)


def test_a_repair_of_chosen_tasks_leaves_the_others_as_they_are(bundle: SmallBundle, broken: RunRecord) -> None:
    record = bundle.repair(broken, "beside")
    assert _ran(bundle) == ["beside"]
    assert states(record) == states(broken)
    with pytest.raises(UsageError, match="--only secnod: the job has no such task; did you mean second"):
        bundle.repair(broken, "secnod")


def test_retries_count_anew_in_a_repair(bundle: SmallBundle) -> None:
    bundle.job(task("it", bundle.notebook("it", "1 / 0"), max_retries=1))
    record = bundle.repair(bundle.run())
    assert [one.number for one in by_key(record)["it"].attempts] == [1, 2, 3, 4]


def test_a_repaired_loop_begins_anew(bundle: SmallBundle) -> None:
    each = bundle.notebook(
        "each", "from pathlib import Path", "assert item == '1' or Path('mended').exists()", parameters='item = ""'
    )
    inner = {"task_key": "one", "notebook_task": {"notebook_path": each, "base_parameters": {"item": "{{input}}"}}}
    bundle.job({"task_key": "loop", "for_each_task": {"inputs": "[1, 2]", "task": inner}})
    record = bundle.run()
    assert states(record) == {"loop": "FAILED"}
    (bundle.folder / "mended").touch()
    again = bundle.repair(record)
    assert states(again) == {"loop": "SUCCESS"}
    assert [one.attempts[-1].notebook for one in by_key(again)["loop"].iterations] == [
        "tasks/loop/repair_1/0/attempt_2/each.ipynb",
        "tasks/loop/repair_1/1/attempt_2/each.ipynb",
    ]
    before = [one.attempts for one in by_key(record)["loop"].iterations]
    assert [one.attempts[:-1] for one in by_key(again)["loop"].iterations] == before
    assert [[str(each.state) for each in one.attempts] for one in by_key(again)["loop"].iterations] == [
        ["SUCCESS", "SUCCESS"],
        ["FAILED", "SUCCESS"],
    ]


def test_a_part_of_a_job_is_repaired_as_that_part(bundle: SmallBundle, broken: RunRecord) -> None:
    record = bundle.run("+third")
    (bundle.folder / "mended").touch()
    again = bundle.repair(record)
    assert states(again) == {
        "first": "SUCCESS",
        "second": "SUCCESS",
        "third": "SUCCESS",
        "report": "EXCLUDED",
        "beside": "EXCLUDED",
    }


def test_a_run_whose_runner_died_is_repaired_and_one_under_way_is_not(bundle: SmallBundle, broken: RunRecord) -> None:
    died = replace(broken, state=None, tasks=tuple(replace(one, state=None) for one in broken.tasks))
    (bundle.folder / "mended").touch()
    plan = bundle.repair_plan(died)
    other = Run(plan, bundle.watcher)
    with pytest.raises(UsageError, match=f"run {broken.run_id} is still under way in another process"):
        bundle.repair(died)
    assert set(states(other.execute()).values()) == {"SUCCESS"}


def test_the_command_repairs_and_the_last_screen_names_it(bundle: SmallBundle, broken: RunRecord) -> None:
    base = [sys.executable, "-m", "bundle_runner"]
    words = ["repair", broken.run_id[:16], "--bundle", str(bundle.folder)]
    first = subprocess.run([*base, *words], check=False, capture_output=True, text=True)
    assert first.returncode == 1, first.stderr
    assert "SUCCESS_WITH_FAILURES  main · target local · " in first.stdout
    assert " s · repair 1\n" in first.stdout
    assert (
        f"or what failed only: {lakehouse_command()} repair {broken.run_id} --bundle {bundle.folder}\n" in first.stdout
    )
    assert (
        f"then run again: {lakehouse_command()} run main --params day=2011-01-05 --bundle {bundle.folder}\n"
        in first.stdout
    )
    (bundle.folder / "mended").touch()
    second = subprocess.run([*base, *words], check=False, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    assert "what failed only" not in second.stdout
    record = read_record(Path(bundle.folder / ".state/runs" / broken.run_id))
    assert (record.state, record.repair_count) == (ResultState.SUCCESS, 2)
