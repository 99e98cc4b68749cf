"""A delivery told before it is one: what is refused where and why, and nothing written."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sales_lakehouse.commands.check import check
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.quality.alone import keeps
from sales_lakehouse.rehearsal import Rehearsal, rehearse, stopped_by
from sales_lakehouse.specs import Pipelines, Rule
from sales_lakehouse.specs.files import SideFile
from tests.conftest import PIPELINES

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINE = "540113,22776,CAKESTAND,1,2011-01-05 09:11:00,9.95,13126.0,United Kingdom\n"
ORDER = '{"order_id": "1", "version": 1, "status": "new", "ordered_at": "2011-01-05T09:00:00", "updated_at": "u"'


def write(tmp_path: Path, text: str, name: str = "2011-01-05.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def rehearse_gift(tmp_path: Path, pipelines: Pipelines, text: str, name: str = "2011-01-05.csv") -> Rehearsal:
    return rehearse(write(tmp_path, text, name), pipelines.source("gift_partner"), pipelines.silver["sale_lines"])


def run_check(*arguments: object) -> Result:
    return CliRunner().invoke(check, [*map(str, arguments), "--bundle", str(PIPELINES), "--lakehouse", "no-lakehouse"])


def test_a_good_file_passes_with_its_business_date(tmp_path: Path, pipelines: Pipelines) -> None:
    verdict = rehearse_gift(tmp_path, pipelines, HEADER + LINE * 2)
    assert verdict.passes
    assert (verdict.business_date, verdict.found, verdict.kept) == ("2011-01-05", 2, 2)
    assert verdict.schema == "as agreed, 8 columns"
    assert "line_is_unique" in verdict.later


def test_a_refused_line_is_named_with_number_bytes_and_reason(tmp_path: Path, pipelines: Pipelines) -> None:
    verdict = rehearse_gift(tmp_path, pipelines, HEADER + LINE + "540113,22776\n" + LINE)
    (refusal,) = verdict.examples
    assert (verdict.found, verdict.kept, verdict.refused) == (3, 2, 1)
    assert (refusal.record_no, refusal.byte_start, refusal.byte_length) == (2, len(HEADER + LINE), 13)
    assert refusal.reason == "2 fields instead of 8"


def test_a_lost_column_sets_the_whole_file_aside(tmp_path: Path, pipelines: Pipelines) -> None:
    verdict = rehearse_gift(tmp_path, pipelines, HEADER.replace("UnitPrice", "Price") + LINE * 3)
    assert (verdict.found, verdict.kept, verdict.quarantined) == (3, 0, 3)
    assert "column UnitPrice is missing" in (verdict.broken or "")
    assert verdict.schema == ""
    assert verdict.examples == ()


def test_a_column_beyond_the_agreed_ones_is_told_and_kept(tmp_path: Path, pipelines: Pipelines) -> None:
    verdict = rehearse_gift(tmp_path, pipelines, HEADER[:-1] + ",Color\n" + LINE[:-1] + ",red\n")
    assert verdict.schema == "as agreed, 8 columns; beyond them Color, kept in _extra"
    assert verdict.passes


def test_what_only_a_run_can_judge_is_counted_beside_what_is_kept(tmp_path: Path) -> None:
    told = run_check("gift_partner", write(tmp_path, HEADER + LINE)).output
    assert "1 kept so far, 3 rules not judged" in told
    assert "not judged here, only by a run: quantity_is_not_zero, amount_is_exact, line_is_unique" in told


def test_a_total_that_cannot_be_compared_is_told(tmp_path: Path) -> None:
    lines = (
        "540113;22776;MUG;1;05.01.2011 09:11;9,95;13126;France\r\n540113;22776;MUG;x;05.01.2011 09:11;2,00;;France\r\n"
    )
    header = "Beleg;Artikel;Bezeichnung;Menge;Zeitpunkt;Einzelpreis;Kunde;Land\r\n"
    path = tmp_path / "verkauf_2011-01-05.csv"
    path.write_bytes(f"{header}{lines}TOTAL;2;63,00\r\n".encode())
    told = run_check("euro_partner", path).output
    assert (
        "the TOTAL line states the amount 63,00, which was not compared: 1 of 2 amounts cannot be read, the others sum "
        "up to 9.95" in told
    )


def test_a_column_without_any_value_is_told(tmp_path: Path, pipelines: Pipelines) -> None:
    verdict = rehearse_gift(tmp_path, pipelines, HEADER + LINE.replace("13126.0", "") * 2)
    assert verdict.schema == "as agreed, 8 columns; without any value: CustomerID"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (",9.95,", ',"9,95",', r"unit_price: '9,95' is not exactly readable as DECIMAL(12,4)"),
        (",1,", ",1.0,", "quantity: '1.0' is not exactly readable as INT"),
        (",1,", ",200000,", "quantity_is_a_parcel: quantity is 200000, expected at least -100000 and at most 100000"),
        ("540113,", "A-17,", "rule order_is_numbered: order_id is A-17, expected a text like C?[0-9]+"),
        (",CAKESTAND,", ",  ,", "rule product_is_named: product_name is empty"),
        ("-05 09", "-06 09", "business_date 2011-01-06 is outside the file's 2011-01-05"),
        ("2011-01-05 09:11:00", "5.1.2011", "sold_at: '5.1.2011' is not exactly readable as TIMESTAMP"),
    ],
    ids=[
        "comma price",
        "float quantity",
        "rule of the source",
        "pattern",
        "rule of the table",
        "other date",
        "other format",
    ],
)
def test_a_value_that_silver_would_not_take_is_a_reason(
    tmp_path: Path, pipelines: Pipelines, old: str, new: str, reason: str
) -> None:
    verdict = rehearse_gift(tmp_path, pipelines, HEADER + LINE + LINE.replace(old, new))
    assert (verdict.kept, verdict.refused, verdict.quarantined) == (1, 0, 1)
    assert verdict.examples[0].record_no == 2
    assert reason in verdict.examples[0].reason


@pytest.mark.parametrize("name", ["sales.csv", "2011-13-05.csv", "2011-01-05.csv.bak"])
def test_a_name_without_its_date_would_not_be_landed(tmp_path: Path, pipelines: Pipelines, name: str) -> None:
    verdict = rehearse_gift(tmp_path, pipelines, HEADER + LINE, name)
    assert not verdict.passes
    assert verdict.not_landed == "the name does not follow '{business_date}.csv': the file would not be landed"


@pytest.mark.parametrize(
    ("sum_file", "broken", "not_landed"),
    [
        ("records=2", None, None),
        ("records=3", "the partner states 3 records", None),
        ("nothing", None, r"\.sum: expected .* found 'nothing'.*not landed"),
        (None, None, r"2011-01-05\.csv\.sum is not beside it: the file would wait for it"),
    ],
    ids=["agrees", "differs", "states nothing", "missing"],
)
def test_what_the_partner_states_beside_a_file_is_held_against_it(
    tmp_path: Path, pipelines: Pipelines, sum_file: str | None, broken: str | None, not_landed: str | None
) -> None:
    source = pipelines.source("gift_partner")
    side = SideFile(suffix=".sum", pattern="records=(?P<records>[0-9]+)")
    source = source.model_copy(update={"delivery": source.delivery.model_copy(update={"side_file": side})})
    path = write(tmp_path, HEADER + LINE * 2)
    if sum_file:
        write(tmp_path, sum_file, "2011-01-05.csv.sum")
    verdict = rehearse(path, source, pipelines.silver["sale_lines"])
    assert verdict.passes == (sum_file == "records=2")
    for expected, told in ((broken, verdict.broken), (not_landed, verdict.not_landed)):
        assert bool(expected) == bool(told)
        assert not expected or re.search(expected, told or "")


def test_an_order_goes_aside_whole_with_each_reason_once(tmp_path: Path, pipelines: Pipelines) -> None:
    line = '{"line": 1, "sku": "A", "description": "b", "quantity": "x", "unit_price": 1.5, "sold_at": null}'
    page = f'{{"orders": [{ORDER}, "customer_id": null, "country": "EIRE", "currency": "GBP", "lines": [{line}, {line}]}}]}}'
    verdict = rehearse(write(tmp_path, page, "p.json"), pipelines.source("online_shop"), pipelines.silver["sale_lines"])
    assert (verdict.found, verdict.quarantined, verdict.not_landed) == (1, 1, None)
    assert verdict.examples[0].reason == (
        "quantity: 'x' is not exactly readable as INT; rule time_is_known: sold_at is empty"
    )


@pytest.mark.parametrize(
    ("rule", "valid", "broken"),
    [
        (Rule(name="r", kind="not_null", columns=("c",)), 0, None),
        (Rule(name="r", kind="in_set", columns=("c",), values=("1", "2")), 1, 3),
        (Rule(name="r", kind="between", columns=("c",), minimum="-1.5", maximum="2"), 2, 3),
        (Rule(name="r", kind="between", columns=("c",), minimum="1"), 1, 0),
    ],
    ids=["not_null", "in_set", "between", "minimum alone"],
)
def test_a_rule_of_one_value_keeps_breaks_and_refuses_null(rule: Rule, valid: int, broken: int | None) -> None:
    assert [keeps(rule, value) for value in (valid, broken, None)] == [True, False, False]


def test_a_rule_in_sql_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="rule r: holds is judged by Spark"):
        keeps(Rule(name="r", kind="holds", predicate="c > 0"), 1)


def test_the_list_of_refusals_is_bounded_and_counted(tmp_path: Path) -> None:
    result = run_check("gift_partner", write(tmp_path, HEADER + "x\n" * 500))
    assert result.exit_code == 3
    assert result.output.startswith("gift_partner, 2011-01-05.csv: 500 records: 500 refused\n")
    assert len(result.output.splitlines()) < 20
    assert "and 490 more" in result.output


def test_a_value_that_cannot_be_read_is_one_reason_not_also_the_rules_about_it(
    tmp_path: Path, pipelines: Pipelines
) -> None:
    verdict = rehearse_gift(tmp_path, pipelines, HEADER + LINE.replace(",9.95,", ",abc,"))
    assert verdict.examples[0].reason == "unit_price: 'abc' is not exactly readable as DECIMAL(12,4)"


def test_refused_and_quarantined_records_are_told_apart_each_with_its_bytes(tmp_path: Path) -> None:
    told = run_check("gift_partner", write(tmp_path, HEADER + LINE.replace(",1,", ",x,") + "540113\n" + LINE)).output
    start, second = len(HEADER), len(HEADER + LINE)
    assert f"  record 1, bytes {start}-{second - 1}: quarantined: quantity: 'x'" in told
    assert f"  record 2, bytes {second}-{second + 6}: refused: 1 field instead of 8" in told


NEXT = {
    "good": (HEADER + LINE, "2011-01-05.csv", "deliver it: under this name into the inbox's folder gift_partner/"),
    "few aside": (HEADER + LINE * 40 + "x\n", "2011-01-05.csv", "ask the partner for a corrected file, or deliver it"),
    "many aside": (HEADER + LINE + "x\n", "2011-01-05.csv", "delivered alone as it is, a gate would stop it"),
    "broken": (HEADER.replace("Price", "") + LINE, "2011-01-05.csv", "mend the source's file where the agreement has"),
    "other name": (HEADER + LINE, "sales.csv", "or mend `delivery` of the source's file"),
}


@pytest.mark.parametrize(("text", "name", "told"), NEXT.values(), ids=NEXT.keys())
def test_the_last_line_says_what_to_do_next(tmp_path: Path, text: str, name: str, told: str) -> None:
    *_, last = run_check("gift_partner", write(tmp_path, text, name)).output.splitlines()
    assert last.startswith("  next     ")
    assert told in last


def test_why_a_unit_stands_aside_is_said_of_the_unit_not_of_its_columns(tmp_path: Path) -> None:
    told = run_check("gift_partner", write(tmp_path, "")).output
    assert "  unit     would stand in quarantine as a whole: the file is empty" in told
    assert "columns" not in told.split("next")[0]
    assert told.startswith("gift_partner, 2011-01-05.csv: 1 record: 1 quarantined\n")


@pytest.mark.parametrize(
    ("name", "told"),
    [("/dev/null", "no regular file"), (".", "a folder"), ("nope.csv", "not there")],
    ids=["device", "folder", "nothing"],
)
def test_what_is_no_file_is_refused_before_anything_is_read(tmp_path: Path, name: str, told: str) -> None:
    write(tmp_path, HEADER)
    result = run_check("gift_partner", tmp_path / name)
    assert result.exit_code == 2
    assert f"is {told}; expected a delivery; nothing was read" in " ".join(result.output.split())
    assert ("give a file in it" in result.output) == (name == ".")


def test_exit_code_is_0_only_when_all_files_pass(tmp_path: Path) -> None:
    good, bad = write(tmp_path, HEADER + LINE), write(tmp_path, HEADER + "x\n", "2011-01-06.csv")
    assert run_check("gift_partner", good).exit_code == 0
    assert run_check("gift_partner", good, bad).exit_code == 3


def test_a_source_may_be_the_path_of_its_file(tmp_path: Path) -> None:
    shipped = (PIPELINES / "sources/gift_partner.yml").read_text()
    spec = write(tmp_path, shipped.replace("gift_partner", "partner"), "partner.yml")
    result = run_check(spec, write(tmp_path, HEADER + LINE), "--format", "json")
    (verdict,) = json.loads(result.output)
    assert (verdict["source"], verdict["passes"], verdict["examples"]) == ("partner", True, [])


@pytest.mark.parametrize(
    ("source", "told"),
    [("gift", "there is no source 'gift'"), ("nowhere.yml", "nowhere.yml: there is no such file")],
)
def test_an_unknown_source_is_wrong_usage(tmp_path: Path, source: str, told: str) -> None:
    result = run_check(source, write(tmp_path, HEADER))
    assert result.exit_code == 2
    assert told in result.output


GATES = {
    "share is small": (LINE * 40 + "x\n", 0, "would stop none: 1 of 41 records refused (2.4 %), at most 5 % are let"),
    "unreadable": (LINE + "x\n", 1, "would stop gate_bronze: 1 of 2 records refused (50.0 %), at most 5 %"),
    "wrong value": (LINE + LINE.replace(",1,", ",x,") + "x\n", 2, "gate_silver: 1 of 2 records quarantined (50.0 %)"),
}


@pytest.mark.parametrize(("lines", "stops", "told"), GATES.values(), ids=GATES.keys())
def test_the_share_of_a_file_alone_is_held_against_the_gates(tmp_path: Path, lines: str, stops: int, told: str) -> None:
    path = write(tmp_path, HEADER + lines)
    shown = run_check("gift_partner", path).output
    assert told in shown
    assert "a share is judged over all records of gift_partner in a run" in shown
    (facts,) = json.loads(run_check("gift_partner", path, "--format", "json").output)
    assert len(facts["stopped_by"]) == stops


def test_a_broken_unit_stops_the_gate_as_a_whole(tmp_path: Path) -> None:
    told = run_check("gift_partner", write(tmp_path, HEADER.replace("Price", "") + LINE)).output
    assert "stop gate_bronze, in the run in which it appears: the unit breaks its contract\n" in told


def test_a_rule_that_stops_sends_no_record_aside_and_is_told(tmp_path: Path, pipelines: Pipelines) -> None:
    rule = Rule(name="country_is_ours", kind="in_set", columns=("country_name",), values=("EIRE",), severity="stop")
    table = pipelines.silver["sale_lines"]
    table = table.model_copy(update={"rules": (*table.rules, rule)})
    source = pipelines.source("gift_partner")
    verdict = rehearse(write(tmp_path, HEADER + LINE + LINE.replace("United Kingdom", "EIRE")), source, table)
    assert (verdict.kept, verdict.stops, verdict.passes) == (2, {"country_is_ours": 1}, False)
    (told,) = stopped_by(verdict, source)
    assert told == "gate_silver: 1 record breaks rule country_is_ours, whose severity is stop"


def test_a_file_without_a_record_states_that_its_day_is_empty(tmp_path: Path) -> None:
    result = run_check("gift_partner", write(tmp_path, HEADER))
    assert result.exit_code == 0
    assert "none: it states 2011-01-05 as empty, so what gift_partner has of that day goes from" in result.output


def check_after(tmp_path: Path, before: dict[str, str], state: str | None, text: str) -> str:
    """Check a file against a lakehouse where others have landed; return what is told of those."""
    store = LandingStore(tmp_path / "lakehouse/landing")
    for hour, (name, content) in enumerate(before.items()):
        manifest = Manifest("gift_partner", name, f"2011-01-07T{hour:02}:00:00+00:00", "2011-01-05")
        landed = store.put(content.encode(), manifest)
        assert landed
        store.set_state(landed, state)
    path = write(tmp_path, text)
    verdict = CliRunner().invoke(
        check, ["gift_partner", f"{path}", "--bundle", f"{PIPELINES}", "--lakehouse", f"{tmp_path / 'lakehouse'}"]
    )
    return next((line[11:] for line in verdict.output.splitlines() if line.startswith("  earlier")), "")


ONE = {"2011-01-05.csv": HEADER + LINE}
EARLIER = {
    "nothing": ({}, None, HEADER + LINE, "^$"),
    "same": (
        ONE,
        "applied",
        HEADER + LINE,
        "^the same bytes as unit .{12} .*is applied: .*noted, nothing would change",
    ),
    "same, waiting": (ONE, None, HEADER + LINE, "is landed: .*only be noted, and the next run takes it as it is"),
    "same, aside": (ONE, "refused", HEADER + LINE, "is refused: .*stays aside; `.*units release [0-9a-f]{12}` makes"),
    "other": (ONE, "applied", HEADER, "^other bytes than .*a correction; as the later one .* stated of 2011-01-05"),
    "other, aside": (
        ONE,
        "quarantined",
        HEADER,
        "a correction; .*in place of that unit, which would be open no longer",
    ),
    "other, refused": (ONE, "refused", HEADER, "a correction; .* which would stay refused"),
    "other name": ({"late.csv": "x"}, "applied", HEADER, "^2011-01-05 is stated by unit .* the later one it would"),
}


@pytest.mark.parametrize(("before", "state", "text", "told"), EARLIER.values(), ids=EARLIER.keys())
def test_a_file_is_held_against_what_has_landed_before(
    tmp_path: Path, before: dict[str, str], state: str | None, text: str, told: str
) -> None:
    assert re.search(told, check_after(tmp_path, before, state, text))


def test_nothing_is_written(tmp_path: Path) -> None:
    run_check("gift_partner", write(tmp_path, HEADER + LINE))
    assert [path.name for path in tmp_path.rglob("*")] == ["2011-01-05.csv"]
