"""A job that runs another, and jobs that wait for their turn."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest

from bundle_runner.errors import BusyError, GraphError, ParameterError, UsageError
from bundle_runner.record.records import read_record
from bundle_runner.run.execute import Run
from bundle_runner.run.turns import take_turn
from tests.bundle.small_bundle import SmallBundle, by_key, states, task

TASK = "from bundle_runner import task"
CALL: dict[str, Any] = {
    "task_key": "call",
    "run_job_task": {"job_id": "${resources.jobs.inner.id}", "job_parameters": {"word": "{{job.parameters.word}}!"}},
}
WORD = [{"name": "word", "default": "hello"}]


def inner_job(bundle: SmallBundle, *cells: str) -> dict[str, Any]:
    notebook = bundle.notebook("inner", TASK, *cells, "task.end()", parameters='word = ""')
    return {"inner": {"tasks": [task("only", notebook)], "parameters": WORD}}


def test_a_job_runs_another_as_a_run_of_its_own(bundle: SmallBundle) -> None:
    bundle.job(CALL, parameters=WORD, others=inner_job(bundle, "task.set_value('books', [word])"))
    record = bundle.run(word="hi")
    assert (record.state, record.books) == ("SUCCESS", ("hi!",))
    (page,) = [attempt.html for attempt in by_key(record)["call"].attempts]
    folder = bundle.folder / ".state/runs" / record.run_id
    assert (folder / str(page)).resolve().name == "index.html"
    inner = read_record((folder / str(page)).resolve().parent)
    assert (inner.job, inner.parameters) == ("inner", {"word": "hi!"})
    assert (inner.parent, by_key(record)["call"].run_id) == (f"{record.run_id}.call", inner.run_id)
    assert ("SUCCESS", "call/only") in bundle.watcher.said


def test_a_job_gives_its_own_values_to_the_one_it_runs(bundle: SmallBundle) -> None:
    call = {"task_key": "call", "run_job_task": {"job_id": "${resources.jobs.inner.id}"}}
    more = [*WORD, {"name": "other", "default": "never asked for"}]
    bundle.job(call, parameters=more, others=inner_job(bundle, "task.set_value('books', [word])"))
    assert bundle.run(word="hi").books == ("hi",)


@pytest.mark.parametrize(
    ("cell", "code", "why"), [("1 / 0", 1, "ZeroDivisionError"), ("task.stop('no more')", 3, "no more")]
)
def test_a_job_fails_with_the_one_it_runs_and_says_why(bundle: SmallBundle, cell: str, code: int, why: str) -> None:
    bundle.job(CALL, parameters=WORD, others=inner_job(bundle, cell))
    record = bundle.run()
    assert (record.state, record.exit_code) == ("FAILED", code)
    assert re.search(f"^run .* of job inner: FAILED; only: .*{why}", by_key(record)["call"].message)


def test_a_job_that_is_canceled_takes_the_one_it_runs_with_it(bundle: SmallBundle) -> None:
    bundle.job(CALL, parameters=WORD, others=inner_job(bundle, "import time; time.sleep(60)"))
    run = Run(bundle.plan(), bundle.watcher)
    threading.Timer(3, run.interrupted.set).start()
    record = run.execute()
    assert (record.state, record.exit_code) == ("CANCELED", 130)


def test_jobs_that_run_each_other_are_refused(bundle: SmallBundle) -> None:
    back = {"task_key": "back", "run_job_task": {"job_id": "${resources.jobs.main.id}"}}
    bundle.job({**CALL, "run_job_task": {"job_id": "inner"}}, others={"inner": {"tasks": [back]}})
    with pytest.raises(GraphError, match="task back: jobs run each other: main → inner → main"):
        bundle.plan()


def test_a_parameter_that_the_other_job_lacks_is_refused(bundle: SmallBundle) -> None:
    called = {**CALL, "run_job_task": {"job_id": "inner", "job_parameters": {"wrod": "x"}}}
    bundle.job(called, others=inner_job(bundle))
    with pytest.raises(ParameterError, match="task call wrod: job inner has no such parameter; did you mean word"):
        bundle.plan()


def test_a_loop_runs_a_job_for_each_element(bundle: SmallBundle) -> None:
    call = {**CALL, "run_job_task": {"job_id": "inner", "job_parameters": {"word": "{{input}}"}}}
    loop = {"task_key": "loop", "for_each_task": {"inputs": '["a", "b"]', "task": call}}
    bundle.job(loop, others=inner_job(bundle, "assert word in 'ab'"))
    record = bundle.run()
    assert states(record) == {"loop": "SUCCESS"}, by_key(record)["loop"].message
    runs = [str(part.run_id) for part in by_key(record)["loop"].iterations]
    assert [read_record(bundle.folder / ".state/runs" / run).parameters["word"] for run in runs] == ["a", "b"]


def test_a_repair_runs_the_job_anew(bundle: SmallBundle) -> None:
    bundle.job(CALL, parameters=WORD, others=inner_job(bundle, "from pathlib import Path; assert Path('on').exists()"))
    record = bundle.run()
    (bundle.folder / "on").touch()
    again = bundle.repair(record)
    assert states(again) == {"call": "SUCCESS"}
    assert by_key(again)["call"].run_id != by_key(record)["call"].run_id
    assert [attempt.number for attempt in by_key(again)["call"].attempts] == [1, 2]


def test_a_job_that_is_not_in_the_bundle_is_refused(bundle: SmallBundle) -> None:
    bundle.job({"task_key": "call", "run_job_task": {"job_id": 1234}})
    with pytest.raises(UsageError, match="task call of job main: 1234 is no job of this bundle; write job_id: "):
        bundle.plan()


def test_jobs_nest_three_deep_at_most(bundle: SmallBundle) -> None:
    others: dict[str, Any] = inner_job(bundle)
    for name, called in [("j4", "inner"), ("j3", "j4"), ("j2", "j3")]:
        others[name] = {"tasks": [{"task_key": "call", "run_job_task": {"job_id": called}}]}
    bundle.job({"task_key": "call", "run_job_task": {"job_id": "j3"}}, others=others)
    assert bundle.plan().job_key == "main"
    bundle.job({"task_key": "call", "run_job_task": {"job_id": "j2"}}, others=others)
    with pytest.raises(GraphError, match="jobs nest more than 3 deep: main → j2 → j3 → j4 → inner"):
        bundle.plan()


def test_a_second_run_does_not_begin_where_one_may_go_on(bundle: SmallBundle) -> None:
    bundle.job(task("only", bundle.notebook("only", TASK, "task.end()")))
    with take_turn(bundle.plan(), lambda _: True):
        with pytest.raises(BusyError, match=r"job main: 1 of 1 runs go on .*; nothing was started") as told:
            take_turn(bundle.plan(), lambda _: False).__enter__()
        assert told.value.exit_code == 4
    with take_turn(bundle.plan(), lambda _: True):
        pass


def test_a_second_run_waits_in_the_queue(bundle: SmallBundle) -> None:
    bundle.job(task("only", bundle.notebook("only", TASK, "task.end()")), queue={"enabled": True})
    first = take_turn(bundle.plan(), lambda _: True)
    first.__enter__()
    waited = []

    def wait(why: str) -> bool:
        assert why == "job main: 1 of 1 runs go on (max_concurrent_runs)"
        waited.append(len(waited))
        if len(waited) == 3:
            first.__exit__(None, None, None)
        return False

    with take_turn(bundle.plan(), wait):
        assert waited == [0, 1, 2]
