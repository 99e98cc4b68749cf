"""What cannot be a graph, which tasks are ready, and what becomes of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.errors import GraphError
from bundle_runner.model import Job
from bundle_runner.plan.graph import build_graph
from bundle_runner.plan.prepare import prepare
from bundle_runner.record.records import TaskRecord
from bundle_runner.run.execute import exit_code
from bundle_runner.states import ResultState, run_state
from tests.unit.bundle_runner.bundle_folder import write

S = ResultState
NOTEBOOK = {"notebook_path": "/a.ipynb"}
CONDITION = {"op": "EQUAL_TO", "left": "a", "right": "b"}


def task(key: str, *after: str, **rest: Any) -> dict[str, Any]:
    kind = {} if {"condition_task", "for_each_task"} & set(rest) else {"notebook_task": NOTEBOOK}
    return {"task_key": key, "depends_on": [{"task_key": name} for name in after], **kind, **rest}


def job(*tasks: dict[str, Any], **rest: Any) -> Job:
    return Job.model_validate({"tasks": list(tasks), **rest})


BROKEN = {
    "itself": ([task("a", "a")], "task a depends on itself"),
    "unknown": ([task("load"), task("b", "laod")], "task b depends on laod, which does not exist; did you mean load?"),
    "twins": ([task("a"), task("a")], "task a is defined 2 times"),
    "circle": (
        [task("a", "c"), task("b", "a"), task("c", "b"), task("d", "c")],
        "these tasks wait for each other: a, b, c$",
    ),
    "outcome": (
        [task("a"), task("b", depends_on=[{"task_key": "a", "outcome": "true"}])],
        "task b: outcome is for conditions only, and a is a notebook task",
    ),
    "a retried condition": (
        [task("a", condition_task=CONDITION, max_retries=2)],
        "task a: a condition task is not retried",
    ),
    "a loop over a condition": (
        [task("a", for_each_task={"inputs": "[]", "task": {"task_key": "b", "condition_task": CONDITION}})],
        "task a: a condition_task cannot stand inside for_each_task",
    ),
    "a loop over a disabled task": (
        [task("a", for_each_task={"inputs": "[]", "task": task("b", disabled=True)})],
        "task a: the inner task b cannot be disabled; write it at a",
    ),
    "a nested loop": (
        [
            task(
                "a",
                for_each_task={"inputs": "[]", "task": task("b", for_each_task={"inputs": "[]", "task": task("c")})},
            )
        ],
        "task a: for_each_task does not nest",
    ),
    "an unknown cluster": (
        [task("a", job_cluster_key="mian")],
        "task a: job cluster mian does not exist; did you mean main?",
    ),
    "a value from beside": (
        [task("a"), task("b", notebook_task={**NOTEBOOK, "base_parameters": {"x": "{{tasks.a.values.n}}"}})],
        r"task b: \{\{tasks.a.values.n\}\} names a task that need not have ended; add it to depends_on",
    ),
    "an unknown parameter": (
        [task("a", notebook_task={**NOTEBOOK, "base_parameters": {"x": "{{job.parameters.dat}}"}})],
        r"task a: \{\{job.parameters.dat\}\}: the job has no such parameter; did you mean date?",
    ),
    "input outside a loop": (
        [task("a", notebook_task={**NOTEBOOK, "base_parameters": {"x": "{{input.y}}"}})],
        "has a meaning inside for_each_task only",
    ),
}


@pytest.mark.parametrize(("tasks", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_graph_is_said_in_words(tasks: list[dict[str, Any]], message: str) -> None:
    broken = job(*tasks, job_clusters=[{"job_cluster_key": "main"}], parameters=[{"name": "date"}])
    with pytest.raises(GraphError, match=message):
        build_graph(broken)


def test_all_findings_are_said_at_once() -> None:
    with pytest.raises(GraphError, match=r"(?s)task a depends on itself.*task b depends on c"):
        build_graph(job(task("a", "a"), task("b", "c")))


WRONG_NAME = {
    "of a task it reads": "{{tasks.load.values.n}}",
    "that it reads, too": "{{tasks.laod.values.n}}",
}


@pytest.mark.parametrize("text", WRONG_NAME.values(), ids=WRONG_NAME.keys())
def test_a_wrong_name_in_depends_on_is_one_finding(text: str) -> None:
    reads = {"notebook_task": {**NOTEBOOK, "base_parameters": {"x": text}}}
    with pytest.raises(GraphError) as error:
        build_graph(job(task("load"), task("b", "laod", **reads), task("c", "b", **reads)))
    assert str(error.value) == "task b depends on laod, which does not exist; did you mean load?"


PLACED = {
    "unknown": ("[{task_key: b}]", "task a depends on b, which does not exist"),
    "itself": ("[{task_key: a}]", "task a depends on itself"),
    "circle": ("[{task_key: c}]", "these tasks wait for each other: a, c"),
}


@pytest.mark.parametrize(("after", "message"), PLACED.values(), ids=PLACED.keys())
def test_a_finding_names_file_and_line_of_its_task(tmp_path: Path, after: str, message: str) -> None:
    write(
        tmp_path,
        databricks="""        include: [main.yml]
        targets: {local: {workspace: {root_path: "${workspace.file_path}/.state"}}}
        """,
        main=f"""        resources:
          jobs:
            main:
              tasks:
                - task_key: c
                  depends_on: [{{task_key: a}}]
                  notebook_task: {{notebook_path: ./a.ipynb}}
                - task_key: a
                  depends_on: {after}
                  notebook_task: {{notebook_path: ./a.ipynb}}
        """,
    )
    with pytest.raises(GraphError) as error:
        prepare(load_bundle(tmp_path), "main", {})
    assert str(error.value).startswith(f"{tmp_path}/main.yml:8: {message}")


def test_ready_tasks_are_those_whose_parents_have_ended() -> None:
    graph = build_graph(job(task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c")))
    assert graph.ready(set(), set()) == ["a"]
    assert graph.ready({"a"}, {"a"}) == ["b", "c"]
    assert graph.ready({"a", "b"}, {"a", "b", "c"}) == []
    assert graph.leaves == ["d"]
    assert graph.upstream("d") == {"a", "b", "c"}


RUNS = [
    ([S.SUCCESS], [S.SUCCESS, S.EXCLUDED], S.SUCCESS),
    ([S.SUCCESS], [S.SUCCESS, S.FAILED], S.SUCCESS_WITH_FAILURES),
    ([S.UPSTREAM_FAILED], [S.FAILED, S.UPSTREAM_FAILED], S.FAILED),
    ([S.CANCELED], [S.SUCCESS, S.CANCELED], S.CANCELED),
    ([S.DISABLED], [S.SUCCESS, S.DISABLED], S.SUCCESS),
    ([S.EXCLUDED], [S.FAILED, S.EXCLUDED], S.SUCCESS_WITH_FAILURES),
    ([S.DISABLED], [S.DISABLED, S.DISABLED], S.DISABLED),
]


@pytest.mark.parametrize(("leaves", "everything", "expected"), RUNS)
def test_the_leaves_decide_the_state_of_the_run(leaves: list[S], everything: list[S], expected: S) -> None:
    assert run_state(leaves, everything) is expected


CODES = [
    ({"a": (S.SUCCESS, False), "b": (S.EXCLUDED, False)}, 0),
    ({"a": (S.FAILED, True), "b": (S.UPSTREAM_FAILED, False)}, 3),
    ({"a": (S.FAILED, True), "b": (S.FAILED, False)}, 3),
    ({"a": (S.FAILED, False), "b": (S.UPSTREAM_FAILED, False)}, 1),
    ({"a": (S.TIMEDOUT, False), "b": (S.SUCCESS, False)}, 1),
]


@pytest.mark.parametrize(("ends", "code"), CODES)
def test_the_exit_code_follows_the_root_failures(ends: dict[str, tuple[S, bool]], code: int) -> None:
    graph = build_graph(job(task("a"), task("b", "a", run_if="ALL_DONE")))
    records = {key: TaskRecord(key, "notebook", state=state, stopped=stopped) for key, (state, stopped) in ends.items()}
    state = run_state([records["b"].state or S.FAILED], [record.state or S.FAILED for record in records.values()])
    assert exit_code(state, graph, records) == code


def test_what_waits_only_for_started_tasks_comes_first() -> None:
    tasks = [task("last", "third"), task("third", "second"), task("beside", "first"), task("second", "first")]
    graph = build_graph(job(*tasks, task("first")))
    assert list(graph.coming(set())) == ["first", "beside", "second", "third", "last"]
    assert list(graph.coming({"first", "second"})) == ["third", "beside", "last"]
    assert list(graph.coming(set(graph.tasks))) == []
