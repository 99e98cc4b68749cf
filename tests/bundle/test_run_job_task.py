"""Jobs that run other jobs, with real kernels."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from bundle_runner.errors import GraphError, ParameterError, UsageError
from bundle_runner.execute import Run
from bundle_runner.record import RunRecord, read_record
from tests.bundle.small_bundle import SmallBundle, by_key, states, task


def _runs(key: str, job: str, *after: str, **values: str) -> dict[str, Any]:
    body = {"job_id": f"${{resources.jobs.{job}.id}}", "job_parameters": values}
    return {"task_key": key, "run_job_task": body, "depends_on": [{"task_key": name} for name in after]}


def _inner(bundle: SmallBundle, record: RunRecord, key: str) -> RunRecord:
    found = by_key(record)[key].run_id
    assert found
    return read_record(bundle.folder / ".state/runs" / found)


def test_a_task_runs_another_job_as_a_run_of_its_own(bundle: SmallBundle) -> None:
    first = bundle.notebook("first", "from bundle_runner import task", "task.set_value('n', 7)")
    look = bundle.notebook("look", "assert (n, colour) == ('7', 'blue')", parameters='n = ""\ncolour = ""')
    bundle.others["other"] = {
        "tasks": [task("look", look)],
        "parameters": [{"name": "n", "default": "0"}, {"name": "colour", "default": "blue"}],
    }
    bundle.job(
        task("first", first), _runs("it", "other", "first", n="{{tasks.first.values.n}}"), task("end", first, "it")
    )
    record = bundle.run()
    inner = _inner(bundle, record, "it")
    assert states(record) == {"first": "SUCCESS", "it": "SUCCESS", "end": "SUCCESS"}, by_key(record)["it"].message
    assert states(inner) == {"look": "SUCCESS"}
    assert (inner.job, inner.parameters) == ("other", {"n": "7", "colour": "blue"})
    assert inner.parent == f"{record.run_id}.it"
    assert inner.run_id != record.run_id
    assert ("SUCCESS", "it/look") in bundle.watcher.said


@pytest.mark.parametrize(
    ("cell", "code"), [("1 / 0", 1), ("from bundle_runner import task; task.stop('3 rows')", 3)], ids=["error", "stop"]
)
def test_a_job_that_failed_fails_its_task(bundle: SmallBundle, cell: str, code: int) -> None:
    broken = bundle.notebook("broken", cell)
    bundle.others["other"] = {"tasks": [task("it", broken)]}
    bundle.job(_runs("runs", "other"), task("after", broken, "runs"))
    record = bundle.run()
    assert states(record) == {"runs": "FAILED", "after": "UPSTREAM_FAILED"}
    assert by_key(record)["runs"].message == f"run {by_key(record)['runs'].run_id}: FAILED"
    assert record.exit_code == code


def test_a_loop_runs_a_job_for_each_element(bundle: SmallBundle) -> None:
    each = bundle.notebook("each", "assert name in 'ab'", parameters='name = ""')
    bundle.others["other"] = {"tasks": [task("it", each)], "parameters": [{"name": "name"}]}
    bundle.job(
        {"task_key": "loop", "for_each_task": {"inputs": '["a", "b"]', "task": _runs("it", "other", name="{{input}}")}}
    )
    record = bundle.run()
    assert states(record) == {"loop": "SUCCESS"}, by_key(record)["loop"].message
    runs = [part.run_id for part in by_key(record)["loop"].iterations]
    given = [read_record(bundle.folder / ".state/runs" / str(run)).parameters["name"] for run in runs]
    assert given == ["a", "b"]


def test_a_canceled_run_cancels_the_job_that_it_runs(bundle: SmallBundle) -> None:
    slow = bundle.notebook("slow", "from pathlib import Path\nimport time", "Path('on').touch()\ntime.sleep(600)")
    bundle.others["other"] = {"tasks": [task("slow", slow)]}
    bundle.job(_runs("it", "other"))
    run = Run(bundle.plan(), bundle.watcher)
    threading.Thread(target=_interrupt_when, args=(run, bundle.folder / "on")).start()
    record = run.execute()
    assert (states(record), record.exit_code) == ({"it": "CANCELED"}, 130)
    assert states(_inner(bundle, record, "it")) == {"slow": "CANCELED"}


def _interrupt_when(run: Run, path: Path) -> None:
    while not path.exists():
        time.sleep(0.1)
    run.interrupted.set()


def test_what_cannot_be_run_is_refused_before_anything_starts(bundle: SmallBundle) -> None:
    fine = bundle.notebook("fine", "x = 1")
    bundle.others["other"] = {"tasks": [task("fine", fine), _runs("back", "main")]}
    bundle.job(_runs("it", "other"))
    with pytest.raises(GraphError, match="jobs run each other in a circle: main → other → main; nothing was started"):
        bundle.run()
    bundle.others["other"] = {"tasks": [task("fine", fine)], "parameters": [{"name": "day"}]}
    bundle.job(_runs("it", "other", dya="x"))
    with pytest.raises(
        ParameterError, match=r"task it runs job other: .*dya: job other has no such parameter; did you mean day"
    ):
        bundle.run()
    bundle.job({"task_key": "it", "run_job_task": {"job_id": 1234}})
    with pytest.raises(UsageError, match="task it of job main: 1234 is no job of this bundle; write job_id: "):
        bundle.run()
    bundle.job({**_runs("it", "other"), "max_retries": 1})
    with pytest.raises(GraphError, match="task it: a run_job_task is not retried by this runner"):
        bundle.run()
    assert not (bundle.folder / ".state").exists()


def test_jobs_nest_three_deep_at_most(bundle: SmallBundle) -> None:
    for level in range(1, 5):
        bundle.others[f"j{level}"] = {"tasks": [_runs("it", f"j{level + 1}")]}
    bundle.others["j5"] = {"tasks": [task("end", bundle.notebook("end", "x = 1"))]}
    bundle.job(_runs("it", "j3"))
    assert bundle.plan().job_key == "main"
    bundle.job(_runs("it", "j2"))
    with pytest.raises(GraphError, match="nest more than 3 deep: main → j2 → j3 → j4 → j5"):
        bundle.plan()
