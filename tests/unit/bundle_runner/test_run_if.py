"""Which tasks run: Lakeflow's rules as a table."""

from __future__ import annotations

import pytest

from bundle_runner.model import RunIf, Task
from bundle_runner.run.run_if import End, verdict
from bundle_runner.states import ResultState

S = ResultState
RUNS = None
OK, BAD, OUT, OFF, GONE = S.SUCCESS, S.FAILED, S.EXCLUDED, S.DISABLED, S.CANCELED
NOTEBOOK = {"notebook_path": "/a.ipynb"}

# One line per set of ends above, one column per rule, in the order of Lakeflow's page: all succeeded, at least one
# succeeded, none failed, all done, at least one failed, all failed.
RULES = ("ALL_SUCCESS", "AT_LEAST_ONE_SUCCESS", "NONE_FAILED", "ALL_DONE", "AT_LEAST_ONE_FAILED", "ALL_FAILED")
UF, UC = S.UPSTREAM_FAILED, S.UPSTREAM_CANCELED
TABLE = {
    (OK, OK): (RUNS, RUNS, RUNS, RUNS, OUT, OUT),
    (OK, BAD): (UF, RUNS, UF, RUNS, RUNS, OUT),
    (BAD, BAD): (UF, UF, UF, RUNS, RUNS, RUNS),
    (OK, S.TIMEDOUT): (UF, RUNS, UF, RUNS, RUNS, OUT),
    (OK, UF): (UF, RUNS, UF, RUNS, RUNS, OUT),
    (OK, GONE): (UC, RUNS, UC, RUNS, RUNS, OUT),
    (OK, UC): (UC, RUNS, UC, RUNS, RUNS, OUT),
    (GONE, GONE): (UC, UC, UC, RUNS, RUNS, RUNS),
    (BAD, GONE): (UF, UF, UF, RUNS, RUNS, RUNS),
    (OK, OUT): (OUT, RUNS, RUNS, RUNS, OUT, OUT),
    (BAD, OUT): (UF, UF, UF, RUNS, RUNS, OUT),
    (OUT, OUT): (OUT, OUT, OUT, OUT, OUT, OUT),
    (OFF,): (OFF, OFF, OFF, RUNS, OFF, OFF),
    (OFF, OFF): (OFF, OFF, OFF, RUNS, OFF, OFF),
    (OK, OFF): (OFF, RUNS, RUNS, RUNS, OUT, OUT),
    (BAD, OFF): (UF, UF, UF, RUNS, RUNS, OFF),
    (OUT, OFF): (OUT, OUT, OUT, RUNS, OUT, OUT),
    (): (RUNS, RUNS, RUNS, RUNS, RUNS, RUNS),
}
CELLS = [(rule, ends, row[column]) for ends, row in TABLE.items() for column, rule in enumerate(RULES)]


@pytest.mark.parametrize(
    ("rule", "states", "expected"), CELLS, ids=[f"{rule} of {', '.join(ends) or 'nothing'}" for rule, ends, _ in CELLS]
)
def test_run_if_decides_by_the_ends_above(rule: str, states: tuple[S, ...], expected: S | None) -> None:
    parents = [f"p{index}" for index in range(len(states))]
    after = [{"task_key": key} for key in parents]
    child = Task.model_validate({"task_key": "child", "depends_on": after, "run_if": rule, "notebook_task": NOTEBOOK})
    ends = {key: End(state) for key, state in zip(parents, states, strict=True)}
    assert verdict(child, ends) is expected


def test_the_table_has_a_column_for_every_rule() -> None:
    assert set(RULES) == set(RunIf)


@pytest.mark.parametrize(("outcome", "expected"), [("true", RUNS), ("false", OUT)])
def test_a_condition_excludes_those_who_want_the_other_outcome(outcome: str, expected: S | None) -> None:
    child = Task.model_validate(
        {"task_key": "c", "depends_on": [{"task_key": "if", "outcome": "true"}], "notebook_task": NOTEBOOK}
    )
    assert verdict(child, {"if": End(S.SUCCESS, outcome)}) is expected
    assert verdict(child, {"if": End(S.FAILED)}) is S.UPSTREAM_FAILED
    assert verdict(child, {"if": End(S.DISABLED)}) is S.DISABLED
