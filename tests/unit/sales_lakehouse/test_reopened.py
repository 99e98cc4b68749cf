"""Which units a date's rebuild judges again, and until when it is asked for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from deltalake import write_deltalake

from sales_lakehouse.errors import LeaseHeldError, ParameterError
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.lease.take import Clock, take_at
from sales_lakehouse.plan import Intent, make_plan, write_intent
from sales_lakehouse.rebuild import rebuild
from sales_lakehouse.reopened import Rebuild, ask_rebuild, end_rebuild, find_rebuild, read_rebuild
from sales_lakehouse.run import Run
from tests import small_lakehouse
from tests.conftest import PIPELINES

DAY = "2011-01-05"


@pytest.fixture
def values(tmp_path: Path) -> dict[str, str]:
    """Give the parameters of a lakehouse of two days and four API pages."""
    small_lakehouse.build(tmp_path)
    return {"lakehouse_root": str(tmp_path), "inbox_root": str(tmp_path), "pipelines_root": str(PIPELINES)}


def run_of(values: dict[str, str]) -> Run:
    return Run.of({"run_id": "r9", **values})


def page(run: Run, name: str, moment: str, *dates: date | None, layer: str = "silver") -> str:
    """Land and apply an API page that has rows of these dates; return its id."""
    store = LandingStore(run.landing_root)
    unit = store.put(name.encode(), Manifest("online_shop", name, f"2011-01-0{moment}T07:00:00Z"))
    assert unit
    store.mark("online_shop", [unit.unit_id], "applied")
    rows = [{"_unit_id": unit.unit_id, "business_date": day} for day in dates]
    if rows:
        folder = Path(run.lakehouse_root) / layer / "sale_lines"
        write_deltalake(folder, small_lakehouse.as_table(rows), mode="append", schema_mode="merge")
    return unit.unit_id


def restates(run: Run, unit_id: str) -> None:
    row = {"unit_id": unit_id, "source": "online_shop", "disposition": "unchanged"}
    write_deltalake(
        Path(run.lakehouse_root) / "ops/balances", small_lakehouse.as_table([row]), mode="append", schema_mode="merge"
    )


def test_a_file_is_of_its_date_also_one_that_was_corrected(values: dict[str, str]) -> None:
    run = run_of(values)
    units = {unit.name: [] for unit in LandingStore(run.landing_root).manifests("gift_partner")}
    for unit in LandingStore(run.landing_root).manifests("gift_partner"):
        units[unit.name].append(unit.unit_id)
    assert find_rebuild(run, [DAY, "2011-02-01"]).dates == {DAY: {"gift_partner": units[f"{DAY}.csv"]}}


def test_a_page_is_of_the_dates_that_its_rows_carry(values: dict[str, str]) -> None:
    run = run_of(values)
    early = page(run, "early", "4", date(2011, 1, 4))
    restates(run, early)
    ours = page(run, "ours", "5", date(2011, 1, 4), date(2011, 1, 5))
    aside = page(run, "aside", "6", date(2011, 1, 5), layer="quarantine")
    undated = page(run, "undated", "7", None, layer="quarantine")
    other = page(run, "other", "8", date(2011, 1, 6))
    since = page(run, "since", "9")
    restates(run, since)
    found = find_rebuild(run, [DAY]).units("online_shop")
    assert found == {ours, aside, undated, since}, "what restated before the date's first page cannot be newer"
    assert find_rebuild(run, ["2011-01-06"]).units("online_shop") == {other, undated, since}


def test_what_is_not_applied_is_no_part_of_it(values: dict[str, str]) -> None:
    run = run_of(values)
    for unit in LandingStore(run.landing_root).manifests("gift_partner"):
        LandingStore(run.landing_root).set_state(unit, None)
    assert find_rebuild(run, [DAY]).dates == {}


def test_it_is_work_until_a_run_has_applied_its_units(values: dict[str, str]) -> None:
    run = run_of(values)
    asked = find_rebuild(run, [DAY, "2011-01-06"])
    ask_rebuild(run, asked)
    plan = make_plan(run)
    assert plan.work == 2 + plan.definitions_changed
    assert "to make anew: 2011-01-05, 2011-01-06" in plan.in_words()
    assert {*plan.reopened_ids} == asked.units("gift_partner")
    of_day = Rebuild({DAY: asked.dates[DAY]}).units("gift_partner")
    end_rebuild(run, [*of_day][:1])
    assert {*read_rebuild(run).dates} == {DAY, "2011-01-06"}, "one of its units was not applied"
    end_rebuild(run, of_day)
    assert {*read_rebuild(run).dates} == {"2011-01-06"}
    end_rebuild(run, asked.units("gift_partner"))
    assert read_rebuild(run).dates == {}
    assert not (Path(run.lakehouse_root) / "ops/rebuild.json").exists()


def test_a_unit_that_was_refused_since_holds_nothing_up(values: dict[str, str]) -> None:
    run = run_of(values)
    asked = find_rebuild(run, [DAY])
    ask_rebuild(run, asked)
    LandingStore(run.landing_root).mark("gift_partner", [*asked.units("gift_partner")], "refused")
    assert make_plan(run).reopened_ids == []
    end_rebuild(run, [])
    assert read_rebuild(run).dates == {}


def test_nothing_is_asked_for_while_a_run_goes_on(values: dict[str, str]) -> None:
    lease = take_at(values["lakehouse_root"], "r8", Clock())
    with pytest.raises(LeaseHeldError, match="run r8"):
        _ = [*rebuild({DAY: values}, dry_run=False)]
    assert read_rebuild(run_of(values)).dates == {}
    lease.release(Clock().now())
    assert [*rebuild({DAY: values}, dry_run=False)] == [
        "2011-01-05, in one run; until a run has succeeded, each makes it anew",
        "to give it up: take the change in pipelines/ back, and run",
    ]
    assert {*read_rebuild(run_of(values)).dates} == {DAY}


def test_what_cannot_be_made_anew_is_told(values: dict[str, str]) -> None:
    assert [*rebuild({DAY: {"day": DAY}}, dry_run=False)] == [], "a job of somebody else"
    with pytest.raises(ParameterError, match="no folder in which anything landed"):
        _ = [*rebuild({DAY: {**values, "lakehouse_root": "s3://bucket/dev"}}, dry_run=False)]
    write_intent(run_of(values), Intent("r1", ["sale_lines"], []))
    with pytest.raises(ParameterError, match="killed while it promoted"):
        _ = [*rebuild({DAY: values}, dry_run=False)]
