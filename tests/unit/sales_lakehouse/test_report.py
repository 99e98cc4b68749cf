"""What the report says first, and where it says the records are."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest

from sales_lakehouse.ledger.flow import count_flow, in_lines
from sales_lakehouse.ledger.notes import Balance, Books, UnitNote
from sales_lakehouse.stages.report import name_trace, name_verdict

STATES = {
    "all went well": ("gate_silver success, gate_gold success", "SUCCESS", "silver: published", "gold: published"),
    "gold stopped": ("gate_silver success, gate_gold failed", "FAILED", "silver: published", "gold: as it was"),
    "silver stopped": (
        "gate_silver failed, gate_gold upstream_failed",
        "stopped by: gate_silver failed\n",
        "silver: as it was",
        "gold: as it was",
    ),
    "nothing new": ("gate_silver excluded, gate_gold excluded", "SUCCESS", "silver: as it was", "gold: as it was"),
}
UNIT = UnitNote("u1", "shop", "a.csv", "2011", None, 9, None, 10, 7, 1, 2, 9, None, "applied", "r")
BALANCES = [
    Balance("u1", "shop", disposition, "EUR", records, lines, Decimal(1), 0, "r")
    for disposition, records, lines in (("accepted_new", 4, 4), ("quarantined", 3, 3), ("replaced", 0, 2))
]


@pytest.mark.parametrize(("states", "told"), [(s, told) for s, *told in STATES.values()], ids=STATES.keys())
def test_the_verdict_comes_first_with_what_the_run_published(states: str, told: list[str]) -> None:
    said = name_verdict(states, "r1", "2011-01-05T06:30:00.000Z")
    assert "  run r1, started 2011-01-05 06:30:00 UTC\n" in said
    assert [words for words in told if words not in said] == []


def test_without_a_job_there_is_no_verdict() -> None:
    assert name_verdict("", "", "").startswith("no job ran")


def test_a_figure_is_traced_by_a_command_of_its_day() -> None:
    daily = pd.DataFrame({"business_date": ["2011-01-04", "2011-01-05"], "source": ["b", "a"]})
    assert "lakehouse trace gold.daily_sales --where business_date=2011-01-05 --where source=a" in name_trace(daily)
    assert name_trace(daily[:0]) == ""


@pytest.mark.parametrize("is_published", [True, False])
def test_what_arrived_is_the_sum_of_what_follows_also_where_a_gate_stopped(is_published: bool) -> None:
    other = replace(UNIT, unit_id="u2", found=5, kept=5, refused=0, quarantined=0)
    books = Books([UNIT, other], BALANCES, frozenset([UNIT.key] if is_published else []), frozenset())
    flow = count_flow(books)
    assert flow.pop("arrived") == sum(flow.values()) == 15
    went = "4 accepted_new, 3 quarantined, 2 replaced rows" if is_published else "7 waits for a gate"
    assert in_lines(books) == [f"shop: 15 records: {went}, 5 not judged yet, 1 refused, 2 quarantined with their unit"]
