"""Whole deliveries: what is known of them, and what people decide about them."""

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from deltalake import write_deltalake

from sales_lakehouse.commands.units import units
from sales_lakehouse.deliveries import find_delivery, list_deliveries, set_aside, unproved_readings, with_refusals
from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.lease import writing
from sales_lakehouse.plan import make_plan
from sales_lakehouse.run import Run
from sales_lakehouse.verdicts import judge_settled
from tests.conftest import PIPELINES

NOTED = pa.schema(
    [
        *((name, pa.string()) for name in ("unit_id", "source", "received_at", "state")),
        *((name, pa.int64()) for name in ("found", "kept")),
        *((name, pa.string()) for name in ("reason", "run_id")),
        ("noted_at", pa.timestamp("us", "UTC")),
    ]
)


def land(root: Path, day: int, source: str = "gift_partner", content: bytes = b"") -> Manifest:
    manifest = Manifest(source, f"2011-01-{day:02}.csv", f"2011-01-{day:02}T06:00:00+00:00", f"2011-01-{day:02}")
    landed = LandingStore(root / "landing").put(content or f"day {day}".encode(), manifest)
    assert landed
    return landed


def note(root: Path, *notes: tuple[Manifest, str, int]) -> None:
    """Write the books' notes as Spark would: one row per unit and state it reached."""
    reasons = {("quarantined", 0): "column UnitPrice is missing", ("recorded", 6): "a total cannot be compared"}
    rows = [
        (
            u.unit_id,
            u.source,
            u.received_at,
            state,
            7,
            kept,
            reasons.get((state, kept)),
            "r1",
            datetime(2011, 2, day, tzinfo=UTC),
        )
        for day, (u, state, kept) in enumerate(notes, start=1)
    ]
    table = pa.Table.from_pylist([dict(zip(NOTED.names, row, strict=True)) for row in rows], NOTED)
    write_deltalake(root / "ops/units", table, mode="append")


def states(root: Path) -> list[str]:
    return [one.state for one in list_deliveries(root)]


def run_units(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(units, [*arguments, "--lakehouse", str(root)])


def test_deliveries_are_listed_newest_first_each_with_its_state(tmp_path: Path) -> None:
    landed = [land(tmp_path, day) for day in (1, 2, 3, 4)]
    note(tmp_path, (landed[1], "recorded", 7), (landed[2], "recorded", 7), (landed[2], "applied", 7))
    note(tmp_path, (landed[3], "quarantined", 0))
    store = LandingStore(tmp_path / "landing")
    store.mark("gift_partner", [landed[2].unit_id], "applied")
    store.mark("gift_partner", [landed[3].unit_id], "quarantined")
    assert states(tmp_path) == ["quarantined", "applied", "recorded", "landed"]
    assert [one.reason for one in list_deliveries(tmp_path)] == ["column UnitPrice is missing", "", "", ""]


def test_counts_of_an_older_delivery_are_not_those_of_the_same_bytes_received_again(tmp_path: Path) -> None:
    first = land(tmp_path, 1)
    note(tmp_path, (first, "recorded", 7))
    assert find_delivery(tmp_path, first.unit_id).counts["found"] == 7
    store = LandingStore(tmp_path / "landing")
    for hour, content in ((7, b"corrected"), (8, b"day 1")):
        store.put(content, replace(first, received_at=f"2011-01-01T{hour:02}:00:00+00:00"))
    again = find_delivery(tmp_path, first.unit_id)
    assert (again.state, again.counts["found"]) == ("landed", None)


def test_a_lakehouse_without_a_run_has_no_units(tmp_path: Path) -> None:
    assert list_deliveries(tmp_path) == []
    assert run_units(tmp_path, "list").output == "no unit\n"


def test_the_beginning_of_an_id_names_a_unit(tmp_path: Path) -> None:
    unit = land(tmp_path, 1)
    assert find_delivery(tmp_path, unit.unit_id[:6]).unit == unit
    with pytest.raises(ParameterError, match=r"unit 'xyz': no unit begins so; `lakehouse units list` shows them"):
        find_delivery(tmp_path, "xyz")


def test_an_id_that_could_be_several_is_refused_with_the_candidates(tmp_path: Path) -> None:
    unit = land(tmp_path, 1)
    begin = unit.unit_id[0]
    others = (land(tmp_path, day, "euro_partner") for day in range(1, 29))
    alike = next(other for other in others if other.unit_id.startswith(begin))
    with pytest.raises(ParameterError, match=r"2 units begin so: .*euro_partner/.*; give more of the id, or SOURCE/U"):
        find_delivery(tmp_path, begin)
    assert find_delivery(tmp_path, f"gift_partner/{begin}").unit == unit
    assert find_delivery(tmp_path, alike.unit_id).unit == alike


def test_a_held_unit_is_no_work_until_it_is_released(tmp_path: Path) -> None:
    unit, store = land(tmp_path, 1), LandingStore(tmp_path / "landing")
    told = run_units(tmp_path, "hold", unit.unit_id, "--by", "ada", "--because", "the partner calls back").output
    assert "held" in told
    assert "by ada at " in told
    assert store.open_units("gift_partner") == []
    assert run_units(tmp_path, "release", unit.unit_id).exit_code == 0
    assert store.open_units("gift_partner") == [unit]


def test_a_released_unit_is_landed_again_until_bronze_has_read_it_anew(tmp_path: Path) -> None:
    unit = land(tmp_path, 1)
    note(tmp_path, (unit, "quarantined", 0))
    LandingStore(tmp_path / "landing").set_state(unit, "quarantined")
    assert run_units(tmp_path, "release", unit.unit_id).output.startswith(f"{unit.unit_id[:12]}  landed ")
    (released,) = list_deliveries(tmp_path)
    assert (released.state, released.reason, released.counts["found"]) == ("landed", "", None)


HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINE = "540113,22776,CAKESTAND,1,2011-01-05 09:11:00,9.95,13126.0,United Kingdom\n"
RELEASED = {
    "not mended": ("gift_partner", HEADER[1:] + LINE, "it stands aside as a whole: column InvoiceNo is missing"),
    "mended": ("gift_partner", HEADER + LINE, "1 of 1 record would be kept; the next run takes it: `lakehouse run"),
    "many aside": ("gift_partner", HEADER + LINE + "x\n", "on its own it would stop gate_bronze: 1 of 2 records ref"),
    "no source": ("old_partner", HEADER, "no run takes it: pipelines/sources/old_partner.yml is not there"),
}


@pytest.mark.parametrize(("source", "content", "told"), RELEASED.values(), ids=RELEASED.keys())
def test_a_release_says_how_the_next_run_would_judge_the_unit(
    tmp_path: Path, source: str, content: str, told: str
) -> None:
    unit = land(tmp_path, 5, source, content.encode())
    LandingStore(tmp_path / "landing").set_state(unit, "quarantined")
    _, last = run_units(tmp_path, "release", unit.unit_id, "--bundle", str(PIPELINES.parent)).output.splitlines()
    assert told in last


def test_nothing_is_decided_while_a_run_goes_on(tmp_path: Path) -> None:
    unit, store = land(tmp_path, 1), LandingStore(tmp_path / "landing")
    with writing(str(tmp_path), "r7"):
        result = run_units(tmp_path, "hold", unit.unit_id)
    assert result.exit_code == 4
    assert "run r7 (process" in result.output
    assert store.state(unit) is None
    assert run_units(tmp_path, "hold", unit.unit_id).exit_code == 0


def test_a_refused_unit_is_told_with_who_when_and_why(tmp_path: Path) -> None:
    unit, store = land(tmp_path, 1), LandingStore(tmp_path / "landing")
    store.mark("gift_partner", [unit.unit_id], "quarantined")
    assert run_units(tmp_path, "refuse", unit.unit_id, "--by", "ada", "--because", "sent by mistake").exit_code == 0
    (row,) = set_aside(tmp_path)
    assert (row["name"], row["state"]) == ("2011-01-01.csv", "refused")
    assert row["reason"].startswith("refused by ada at 20")
    assert row["reason"].endswith(": sent by mistake")
    shown = json.loads(run_units(tmp_path, "show", unit.unit_id, "--format", "json").output)
    assert [(d["word"], d["by"], d["because"]) for d in shown["decisions"]] == [("refuse", "ada", "sent by mistake")]
    assert store.content_path(unit).read_bytes() == b"day 1"


def test_refusing_needs_a_reason(tmp_path: Path) -> None:
    result = run_units(tmp_path, "refuse", land(tmp_path, 1).unit_id)
    assert result.exit_code == 2
    assert "Missing option '--because'" in result.output


@pytest.mark.parametrize(
    ("state", "word", "told"),
    [
        ("applied", "hold", "it is applied: its rows are published"),
        ("applied", "release", "it is applied: its rows are published"),
        ("applied", "refuse", "it is applied: its rows are published"),
        ("quarantined", "hold", "it stands aside already"),
        ("held", "hold", "it is held already"),
        ("refused", "refuse", "it is refused already"),
        (None, "release", "it is work already"),
    ],
)
def test_a_decision_that_the_state_does_not_allow_changes_nothing(
    tmp_path: Path, state: str | None, word: str, told: str
) -> None:
    unit, store = land(tmp_path, 1), LandingStore(tmp_path / "landing")
    store.set_state(unit, state)
    result = run_units(tmp_path, word, unit.unit_id, *(["--because", "x"] if word == "refuse" else []))
    assert result.exit_code == 2
    assert f"cannot {word} it: {told}" in " ".join(result.output.split())
    assert store.state(unit) == state
    assert find_delivery(tmp_path, unit.unit_id).decisions == ()


def test_the_list_is_narrowed_by_source_and_state(tmp_path: Path) -> None:
    held = land(tmp_path, 1)
    land(tmp_path, 2)
    land(tmp_path, 3, "euro_partner")
    run_units(tmp_path, "hold", held.unit_id)
    rows = json.loads(run_units(tmp_path, "list", "--source", "gift_partner", "--format", "json").output)
    assert [row["business_date"] for row in rows] == ["2011-01-02", "2011-01-01"]
    assert len(run_units(tmp_path, "list", "--state", "held").output.splitlines()) == 1


@pytest.mark.parametrize(
    ("settled_by", "stops"),
    [("nobody", True), ("hold", True), ("release", False), ("refuse", False), ("correction", False)],
)
def test_a_source_that_stops_on_a_broken_unit_stops_every_run_until_it_is_settled(
    tmp_path: Path, settled_by: str, stops: bool
) -> None:
    run = make_run(tmp_path, "stop")
    store, unit = LandingStore(run.landing_root), land(tmp_path, 1)
    store.set_state(unit, "quarantined")
    if settled_by == "correction":
        store.put(b"corrected", replace(unit, received_at="2011-01-01T07:00:00+00:00"))
    elif settled_by != "nobody":
        run_units(tmp_path, settled_by, unit.unit_id, *(["--because", "x"] if settled_by == "refuse" else []))
    plan = make_plan(run)
    findings = judge_settled(plan.unsettled)
    assert [finding.stops for finding in findings] == [True] * stops
    assert ("1 quarantined unit to settle" in plan.in_words()) == stops
    if stops:
        assert re.search(r"2011-01-01\.csv \(unit [0-9a-f]{12}\).*`lakehouse units release UNIT`", findings[0].detail)


def test_a_source_that_says_nothing_lets_runs_pass_while_a_unit_stands_aside(tmp_path: Path) -> None:
    run = make_run(tmp_path, "aside")
    LandingStore(run.landing_root).set_state(land(tmp_path, 1), "quarantined")
    assert make_plan(run).work == 0


def make_run(root: Path, on_breaking: str) -> Run:
    pipelines = shutil.copytree(PIPELINES, root / "pipelines", ignore=shutil.ignore_patterns("samples"))
    source = pipelines / "sources/gift_partner.yml"
    source.write_text(f"{source.read_text()}on_breaking: {on_breaking}\n")
    given = {"run_id": "r1", "lakehouse_root": str(root), "inbox_root": str(root), "pipelines_root": str(pipelines)}
    return Run.of(given)


def test_a_corrected_unit_is_open_no_longer_and_names_what_corrected_it(tmp_path: Path) -> None:
    broken = land(tmp_path, 1)
    note(tmp_path, (broken, "quarantined", 0))
    store = LandingStore(tmp_path / "landing")
    store.mark("gift_partner", [broken.unit_id], "quarantined")
    by = store.put(b"corrected", replace(broken, received_at="2011-01-02T06:00:00+00:00"))
    assert by
    assert run_units(tmp_path, "list", "--state", "quarantined").output == "no unit\n"
    assert f"corrected by {by.in_words()}" in run_units(tmp_path, "list", "--state", "corrected").output
    assert set_aside(tmp_path) == []
    facts = json.loads(run_units(tmp_path, "show", broken.unit_id, "--format", "json").output)
    assert (facts["state"], facts["corrected_by"]) == ("corrected", by.unit_id)
    store.set_state(by, "refused")
    assert states(tmp_path) == ["refused", "quarantined"]


def test_of_old_bytes_that_came_back_the_last_arrival_stands(tmp_path: Path) -> None:
    first, store = land(tmp_path, 1), LandingStore(tmp_path / "landing")
    second = store.put(b"corrected", replace(first, received_at="2011-01-02T06:00:00+00:00"))
    assert store.corrections("gift_partner") == {first.unit_id: second}
    again = store.put(b"day 1", replace(first, received_at="2011-01-03T06:00:00+00:00"))
    assert again
    assert second
    corrections = store.corrections("gift_partner")
    assert {unit: by.received_at for unit, by in corrections.items()} == {second.unit_id: again.received_at}


def test_a_source_that_nobody_knows_is_refused_and_one_without_deliveries_has_none(tmp_path: Path) -> None:
    land(tmp_path, 1)
    bundle = ("--bundle", str(PIPELINES.parent))
    unknown = run_units(tmp_path, "list", "--source", "gift_partnr", *bundle)
    assert unknown.exit_code == 2
    assert "did you mean gift_partner?" in unknown.output
    assert run_units(tmp_path, "list", "--source", "euro_partner", *bundle).output == "no unit\n"


def test_a_unit_says_where_its_bytes_lie(tmp_path: Path) -> None:
    unit = land(tmp_path, 1)
    facts = json.loads(run_units(tmp_path, "show", unit.unit_id, "--format", "json").output)
    assert Path(facts["landed_as"]).read_bytes() == b"day 1"


def test_the_report_lists_deliveries_of_which_something_was_refused(tmp_path: Path) -> None:
    landed = [land(tmp_path, day) for day in (1, 2, 3)]
    note(tmp_path, (landed[0], "recorded", 7), (landed[1], "recorded", 6), (landed[2], "quarantined", 0))
    LandingStore(tmp_path / "landing").set_state(landed[2], "quarantined")
    assert [(row["name"], row["reason"]) for row in with_refusals(tmp_path)] == [
        ("2011-01-02.csv", "a total cannot be compared")
    ]
    assert [(row["name"], row["state"]) for row in set_aside(tmp_path)] == [("2011-01-03.csv", "quarantined")]


def test_the_report_names_the_newest_readings_that_nothing_proved_complete(tmp_path: Path) -> None:
    store = LandingStore(tmp_path / "landing")
    land(tmp_path, 1)
    assert unproved_readings(tmp_path) == []
    for source, remarks in {"shop": ("", "the last page was full"), "other": ("the last page was full", "")}.items():
        (tmp_path / "landing" / source).mkdir()
        for remark in remarks:
            store.note(source, "readings", {"began": "2011-01-04T05:00:00Z", "records": 40, "remark": remark})
    assert [(row["source"], row["records"]) for row in unproved_readings(tmp_path)] == [("shop", 40)]


def test_a_reading_by_parents_is_named_without_what_it_does_not_count(tmp_path: Path) -> None:
    store = LandingStore(tmp_path / "landing")
    (tmp_path / "landing" / "notes").mkdir(parents=True)
    store.note("notes", "readings", {"reading": "r", "parents": 3, "parents_until": None, "remark": "no total"})
    assert unproved_readings(tmp_path) == [{"source": "notes", "began": None, "records": None, "remark": "no total"}]
