"""A run that another scheduler hands on from task to task."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.errors import ParameterError, UsageError
from bundle_runner.launch.stopper import Stopper
from bundle_runner.model import Task
from bundle_runner.record.records import TaskRecord, now, read_record
from bundle_runner.record.shared import SharedRecord, task_of
from bundle_runner.run.relay import Leg, begin, leg, may_be_retried
from bundle_runner.states import ResultState
from tests.bundle.rules_bundle import ENDS, loop, step, write_rules
from tests.bundle.small_bundle import SmallBundle, by_key, states

RUN = "20260102T030405Z-abcd"
ITSELF = {"values", "gate", "flaky", "slow"}


def handed(bundle: SmallBundle) -> Leg:
    """Take up the run, as each process does anew."""
    return leg(load_bundle(bundle.folder), RUN, bundle.watcher, lambda *_: None)


def opened(bundle: SmallBundle, **given: str) -> Leg:
    """Open the run and take it up."""
    begin(load_bundle(bundle.folder), "main", given, RUN)
    return handed(bundle)


def go(bundle: SmallBundle, key: str, index: int | None = None) -> TaskRecord:
    """Carry out one attempt as a process of its own would."""
    return handed(bundle).perform(key, Stopper(), index)


@pytest.fixture
def small(tmp_path: Path) -> SmallBundle:
    """Give the bundle's programs with a job of three tasks: values, a loop over two words, what comes after it."""
    bundle = write_rules(tmp_path)
    bundle.job(step("values", does="values"), loop("loop", "words", "picky", "values"), step("after", "loop"))
    return bundle


def test_every_task_ends_as_in_a_run_of_the_runner(tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    (tmp_path / "handed").mkdir()
    alone = write_rules(tmp_path / "alone").run()
    bundle = write_rules(tmp_path / "handed")
    ours = opened(bundle)
    for key in ours.plan.graph.coming(()):
        if ours.plan.graph.tasks[key].for_each_task:
            for index, _ in enumerate(handed(bundle).open_loop(key).iterations):
                go(bundle, key, index)
        if go(bundle, key).state is ResultState.FAILED and key == "flaky":
            go(bundle, key)
    ended = handed(bundle).end()
    assert states(ended) == states(alone) == {key: state for key, (state, _) in ENDS.items()}
    assert (ended.state, ended.exit_code) == (alone.state, alone.exit_code)
    assert [task.outcome for task in ended.tasks] == [task.outcome for task in alone.tasks]
    assert {task.task_key: len(task.attempts) for task in ended.tasks} == {
        task.task_key: len(task.attempts) for task in alone.tasks
    }
    assert len(by_key(ended)["flaky"].attempts) == 2


def test_tasks_that_the_scheduler_left_out_have_their_state_at_the_end(tmp_path: Path) -> None:
    bundle = write_rules(tmp_path)
    bundle.job(step("gate", does="stopped"), step("after", "gate"), step("report", "after", run_if="ALL_DONE"))
    opened(bundle)
    go(bundle, "gate")
    go(bundle, "report")
    record = handed(bundle).end()
    assert states(record) == {"gate": "FAILED", "after": "UPSTREAM_FAILED", "report": "SUCCESS"}
    assert (str(record.state), record.exit_code) == ("SUCCESS_WITH_FAILURES", 3)
    assert record == read_record(bundle.folder / ".state/runs" / RUN)


def test_a_task_of_which_nothing_more_was_heard_has_failed(small: SmallBundle) -> None:
    shared = opened(small).shared
    shared.put(replace(task_of(shared.read(), "values"), started_at=now()))  # what a killed process leaves
    record = handed(small).end()
    assert states(record) == {"values": "FAILED", "loop": "UPSTREAM_FAILED", "after": "UPSTREAM_FAILED"}
    assert by_key(record)["values"].message == "its process ended without a word"
    assert record.exit_code == 1


def test_a_task_that_the_scheduler_never_started_has_failed(small: SmallBundle) -> None:
    opened(small)
    record = handed(small).end()
    assert by_key(record)["values"].message == "the scheduler ended it before it started"


def test_a_loop_is_red_where_an_iteration_is_and_green_after_another_attempt(small: SmallBundle) -> None:
    opened(small)
    go(small, "values")
    assert [part.input for part in handed(small).open_loop("loop").iterations] == ["a", "b"]
    assert [str(go(small, "loop", index).state) for index in (0, 1)] == ["SUCCESS", "FAILED"]
    assert go(small, "loop").message == "1 of 2 iterations failed; loop[b]: picky.py:2: AssertionError: b"
    (small.folder / "picky.py").write_text("")
    assert len(go(small, "loop", 1).attempts) == 2
    assert str(go(small, "loop").state) == "SUCCESS"
    assert go(small, "after").state is ResultState.SUCCESS


def test_inputs_that_are_no_list_fail_the_loop(small: SmallBundle) -> None:
    small.job(step("values", does="values"), loop("loop", "number", "said", "values"))
    opened(small)
    go(small, "values")
    record = handed(small).open_loop("loop")
    assert (record.state, record.message) == (ResultState.FAILED, "for_each inputs: expected a JSON list, got '0'")
    assert go(small, "loop").state is ResultState.FAILED


def test_what_hangs_on_a_task_is_open_again_when_it_runs_again(tmp_path: Path) -> None:
    bundle = write_rules(tmp_path)
    bundle.job(step("gate"), step("after", "gate"))
    opened(bundle)
    for key in ("gate", "after"):
        go(bundle, key)
    (tmp_path / "good.py").write_text("1 / 0")
    go(bundle, "gate")  # the scheduler cleared it, and then starts no task after it
    assert states(handed(bundle).end()) == {"gate": "FAILED", "after": "UPSTREAM_FAILED"}


def test_a_run_that_is_begun_again_keeps_its_start_and_counts_as_repaired(small: SmallBundle) -> None:
    first = opened(small).shared.read()
    handed(small).end()
    begin(load_bundle(small.folder), "main", {}, RUN)
    again = handed(small)
    record = again.shared.read()
    assert (record.started_at, record.repair_count, record.state) == (first.started_at, 1, None)
    assert again.plan.job_facts["repair_count"] == "1"


def test_a_run_that_goes_on_is_not_repaired_by_beginning_it_twice(small: SmallBundle) -> None:
    opened(small)
    begin(load_bundle(small.folder), "main", {}, RUN)
    assert handed(small).plan.repair_count == 0


def test_parameters_are_checked_before_the_run_is_there(small: SmallBundle) -> None:
    with pytest.raises(ParameterError, match=r"--params dya: job main has no such parameter; nothing was started"):
        opened(small, dya="x")
    with pytest.raises(UsageError, match=rf"run {RUN} has not begun: .*run\.json is not there; nothing was started"):
        handed(small)


@pytest.mark.parametrize("run_id", ["../x", "", "a/b", "x" * 101])
def test_a_run_id_that_is_no_folder_of_its_own_is_refused(small: SmallBundle, run_id: str) -> None:
    with pytest.raises(UsageError, match=r"--run-id .*: expected at most 100 letters, digits, - and _"):
        begin(load_bundle(small.folder), "main", {}, run_id)


def test_what_does_not_exist_is_refused_by_name(small: SmallBundle) -> None:
    opened(small)
    with pytest.raises(UsageError, match=r"job main has no task valeus; did you mean values\?; nothing was started"):
        go(small, "valeus")
    with pytest.raises(UsageError, match=r"task loop has 0 iterations, and none of number 2; nothing was started"):
        go(small, "loop", 2)
    with pytest.raises(UsageError, match=r"task values is a spark_python task: it has no list of inputs"):
        handed(small).open_loop("values")


def test_processes_that_write_at_once_lose_nothing(small: SmallBundle) -> None:
    folder = opened(small).shared.folder
    count = 40
    parts = tuple(TaskRecord(f"loop[{index}]", "notebook") for index in range(count))
    SharedRecord(folder).put(replace(task_of(read_record(folder), "loop"), iterations=parts))

    def write(index: int) -> None:
        SharedRecord(folder).put_part("loop", index, replace(parts[index], state=ResultState.SUCCESS))

    writers = [threading.Thread(target=write, args=(index,)) for index in range(count)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [part.state for part in task_of(read_record(folder), "loop").iterations] == [ResultState.SUCCESS] * count


@pytest.mark.parametrize(
    ("state", "again"),
    [("SUCCESS", False), ("FAILED", True), ("TIMEDOUT", False), ("EXCLUDED", False), ("UPSTREAM_FAILED", False)],
)
def test_only_a_failure_of_its_own_is_worth_another_attempt(state: str, again: bool) -> None:
    task = Task.model_validate(step("it"))
    assert may_be_retried(task, TaskRecord("it", "spark_python", ResultState(state))) is again


def test_a_timeout_is_retried_where_the_task_says_so() -> None:
    task = Task.model_validate(step("it", retry_on_timeout=True))
    assert may_be_retried(task, TaskRecord("it", "spark_python", ResultState.TIMEDOUT))
