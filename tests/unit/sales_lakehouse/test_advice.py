"""A gate that stops names the commands that show what it saw."""

import re
from pathlib import Path

import pytest

from bundle_runner.cli import main as cli
from sales_lakehouse.advice import after_bronze, explain, next_steps
from sales_lakehouse.quality import Finding
from sales_lakehouse.specs import load_pipelines

PIPELINES = Path(__file__).parents[3] / "pipelines"

STOPS = {
    "a broken delivery": (
        Finding("ops.units", "unit_keeps_its_contract", "stop", ok=False, detail=""),
        ["lakehouse units list --state quarantined", "lakehouse check SOURCE FILE"],
    ),
    "unreadable records": (
        Finding("bronze.gift_partner", "refused_within_limit", "stop", ok=False, detail=""),
        ["lakehouse quarantine list --source gift_partner", "lakehouse check gift_partner FILE"],
    ),
    "too many broken records": (
        Finding("silver.sale_lines", "euro_partner_quarantined_within_limit", "stop", ok=False, detail=""),
        ["lakehouse quarantine list --source euro_partner", "lakehouse check euro_partner FILE"],
    ),
    "gold beside silver": (
        Finding("gold.daily_sales", "net_amount_equals_silver", "stop", ok=False, detail=""),
        ["git diff pipelines/gold", "lakehouse trace gold.daily_sales --where COLUMN=VALUE"],
    ),
    "a key that is there twice": (
        Finding("silver.sale_lines", "line_is_unique", "stop", ok=False, detail=""),
        ["lakehouse books --deep"],
    ),
}


@pytest.mark.parametrize(("finding", "commands"), STOPS.values(), ids=STOPS.keys())
def test_each_stop_names_commands_that_exist(finding: Finding, commands: list[str]) -> None:
    assert [re.findall("`(.*)`", step) for step in next_steps([finding, finding])] == [[each] for each in commands]
    known = cli.lakehouse.list_commands(None)  # type: ignore[arg-type]
    assert {each.split()[1] for each in commands if each.startswith("lakehouse")} <= {*known}


def test_what_holds_or_only_warns_asks_for_nothing() -> None:
    warned = Finding("silver.sale_lines", "price_is_not_free", "warn", ok=False, detail="")
    held = Finding("ops.units", "unit_keeps_its_contract", "stop", ok=True, detail="")
    assert next_steps([warned, held]) == []


@pytest.mark.parametrize(
    ("gate", "left"),
    [
        ("gate_bronze", "silver and gold are as they were, bronze keeps what was read"),
        ("gate_silver", "silver and gold are as they were, the candidate was not published"),
        ("gate_gold", "silver is ahead of it"),
    ],
)
def test_a_gate_says_what_is_published_and_what_is_not(gate: str, left: str) -> None:
    finding = Finding("gold.daily_sales", "net_amount_equals_silver", "stop", ok=False, detail="EUR 1 is missing")
    told = explain(gate, [finding], "Mend it.")
    assert told.startswith(f"{gate}: gold.daily_sales, rule net_amount_equals_silver: EUR 1 is missing. ")
    assert left in told
    assert ("Nothing was promoted" in told) == (gate != "gate_gold")


@pytest.mark.parametrize(
    ("rules", "on_breaking", "told"),
    [
        (["unit_keeps_its_contract"], "aside", "applies the others"),
        (["unit_keeps_its_contract"], "stop", "No run passes this gate until"),
        (["broken_units_are_settled"], None, "No run passes this gate until"),
        (["unit_keeps_its_contract", "refused_within_limit"], "aside", "judges these units once more"),
        (["every_byte_is_read"], None, "judges these units once more"),
    ],
)
def test_only_a_unit_that_stands_aside_lets_the_next_run_pass(
    rules: list[str], on_breaking: str | None, told: str
) -> None:
    findings = [Finding("ops.units", rule, "stop", ok=False, detail="") for rule in rules]
    shop = load_pipelines(PIPELINES).source("gift_partner")
    breaking = [shop.model_copy(update={"on_breaking": on_breaking})] if on_breaking else []
    assert told in after_bronze(findings, breaking)
