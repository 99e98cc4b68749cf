"""What notebooks tell their job: bounded, the broken first, records that add up."""

from __future__ import annotations

import json

import pandas as pd

from bundle_runner.task import VALUE_LIMIT_BYTES
from sales_lakehouse.quality import Finding
from sales_lakehouse.told import tell_dispositions, tell_gates, tell_units


def test_broken_rules_are_told_first_with_examples_and_reason() -> None:
    holds = Finding("t", "a", "error", ok=True, because="never said of a rule that holds")
    warns = Finding("t", "b", "warn", ok=False, detail="1 rows break it")
    stops = Finding("t", "c", "stop", ok=False, detail="2 rows break it", examples=({"k": "x" * 90},), because="So")
    first, second, third = tell_gates([holds, warns, stops])
    assert first == {
        "table": "t",
        "rule": "c",
        "severity": "stop",
        "ok": False,
        "detail": "2 rows break it (So)",
        "examples": [{"k": "x" * 80 + "…"}],
    }
    assert (second["rule"], third["rule"], third["detail"]) == ("b", "a", "")


def test_very_many_rules_fit_into_a_task_value_and_none_that_is_broken_is_lost() -> None:
    holding = [Finding("t", f"rule_{i}", "error", ok=True) for i in range(1000)]
    broken = [Finding("t", f"broken_{i}", "stop", ok=False, detail="ä" * 5000) for i in range(10)]
    told = tell_gates([*holding, *broken])
    assert len(json.dumps(told)) < VALUE_LIMIT_BYTES
    assert [value["rule"] for value in told[:10]] == [finding.rule for finding in broken]
    assert len(told) > 20


def test_the_flow_of_bronze_and_silver_meets_in_what_was_kept() -> None:
    units = pd.DataFrame({"kept": [5, 0], "refused": [1, 0], "quarantined": [0, 7]}, index=["shop", "partner"])
    rows = [("shop", "accepted_new", 4), ("shop", "quarantined", 1), ("shop", "deleted", 0)]
    went = pd.DataFrame(rows, columns=["source", "disposition", "records"])
    assert tell_units(units) == [
        {"from": "shop", "to": "shop: kept", "count": 5},
        {"from": "shop", "to": "shop: refused", "count": 1},
        {"from": "partner", "to": "partner: set aside whole", "count": 7},
    ]
    assert tell_dispositions(went) == [
        {"from": "shop: kept", "to": "accepted_new", "count": 4},
        {"from": "shop: kept", "to": "quarantined", "count": 1},
    ]
    assert tell_units(pd.DataFrame(columns=["kept", "refused", "quarantined"])) == []
