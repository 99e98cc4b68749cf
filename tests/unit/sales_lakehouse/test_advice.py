"""A gate that stops names the commands that show what it saw."""

import re

import pytest

from bundle_runner.cli import main as cli
from sales_lakehouse.advice import next_steps
from sales_lakehouse.quality import Finding

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
