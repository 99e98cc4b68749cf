"""`--only`: which tasks are meant, and what they may not read."""

from __future__ import annotations

from typing import Any

import pytest

from bundle_runner.errors import UsageError
from bundle_runner.model import Job
from bundle_runner.plan.choice import chosen, narrowed
from bundle_runner.plan.graph import Graph, build_graph


def _task(key: str, *after: str, **values: str) -> dict[str, Any]:
    notebook = {"notebook_path": "/a.ipynb", "base_parameters": values}
    return {"task_key": key, "depends_on": [{"task_key": name} for name in after], "notebook_task": notebook}


@pytest.fixture
def graph() -> Graph:
    """Give land → bronze → silver → gold, and audit beside gold."""
    tasks = [
        _task("land"),
        _task("bronze", "land"),
        _task("silver", "bronze", units="{{tasks.land.values.units}}", state="{{tasks.land.result_state}}"),
        _task("gold", "silver"),
        _task("audit", "silver", "land"),
    ]
    return build_graph(Job.model_validate({"tasks": tasks}))


CHOICES = {
    "one": (["silver"], {"silver"}),
    "several": (["land", "gold"], {"land", "gold"}),
    "all before": (["+silver"], {"land", "bronze", "silver"}),
    "all after": (["silver+"], {"silver", "gold", "audit"}),
    "both": (["+bronze+"], {"land", "bronze", "silver", "gold", "audit"}),
    "blanks": ([" +bronze "], {"land", "bronze"}),
}


@pytest.mark.parametrize(("words", "expected"), CHOICES.values(), ids=CHOICES.keys())
def test_only_chooses(graph: Graph, words: list[str], expected: set[str]) -> None:
    assert chosen(graph, words) == expected


def test_an_unknown_task_is_answered_with_the_nearest(graph: Graph) -> None:
    expected = r"^--only \+sliver: the job has no such task; did you mean silver\?; nothing was started$"
    with pytest.raises(UsageError, match=expected):
        chosen(graph, ["land", "+sliver"])


def test_what_a_chosen_task_waits_for_among_the_others_counts_as_done(graph: Graph) -> None:
    small = narrowed(graph, {"land", "audit"})
    assert list(small.tasks) == ["land", "audit"]
    assert small.upstream("audit") == {"land"}
    assert small.leaves == ["audit"]


def test_a_value_of_a_task_left_out_is_refused_in_words(graph: Graph) -> None:
    with pytest.raises(UsageError) as error:
        narrowed(graph, {"silver", "gold"})
    assert str(error.value) == (
        "task silver reads {{tasks.land.values.units}}, and land is not chosen: it would have no value; "
        "choose it, too, or all before: --only +silver\nnothing was started"
    )
    assert list(narrowed(graph, {"land", "silver"}).tasks) == ["land", "silver"]
