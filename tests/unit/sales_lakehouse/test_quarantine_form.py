"""Records leave as a file that people can correct, and come back as what they are."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.quarantine import Aside, land_repair, match_corrections, read_form, write_form
from sales_lakehouse.specs import load_source
from tests.conftest import PIPELINES

UNIT = "3f9a" * 16
GIFTS = load_source(PIPELINES / "sources/gift_partner.yml")
TEXTS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


def aside(**values: str | None) -> Aside:
    given = {"InvoiceNo": "540113", "Description": None, "Quantity": "-12", **values}
    about = {"source": "gift_partner", "unit_id": UNIT, "unit_name": "2011-01-05.csv", "record_no": 7}
    place = {"byte_start": 82, "byte_length": 58, "raw": None, "first_seen": "2011-01-06T06:00:00"}
    return Aside(
        **about, **place, reasons=("product_is_named",), values={name: given.get(name) for name in GIFTS.columns}
    )


@pytest.mark.parametrize("spreadsheet", [False, True], ids=["plain", "spreadsheet"])
@given(text=TEXTS)
def test_a_value_comes_back_as_it_left(spreadsheet: bool, text: str | None) -> None:
    exported = write_form([aside(Description=text)], spreadsheet)
    (line,) = read_form(exported, "form.csv")
    assert line["Description"] == (text or None)
    assert (line["_repairs_unit"], line["_repairs_no"], line["Quantity"]) == (UNIT, "7", "-12")


@given(text=st.sampled_from(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"]))
def test_no_cell_of_a_spreadsheet_is_a_live_formula(text: str) -> None:
    exported = write_form([aside(Description=text)], spreadsheet=True).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(exported, newline="")) for cell in row if cell]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_spreadsheet_may_save_it_in_the_way_of_its_country() -> None:
    exported = write_form([aside(Description="A, B")], spreadsheet=True).decode("utf-8-sig")
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(csv.reader(io.StringIO(exported, newline="")))
    (line,) = read_form(text.getvalue().encode("utf-8-sig"), "form.csv")
    assert (line["Description"], line["Quantity"]) == ("A, B", "-12")


def test_a_correction_says_what_it_changes() -> None:
    old = aside()
    (line,) = read_form(write_form([old]), "form.csv")
    (found,) = match_corrections([{**line, "Description": "PLATE"}], [old], GIFTS, "form.csv")
    assert found.changed == ["Description"]


def test_an_empty_text_that_nobody_touched_is_no_change() -> None:
    old = aside(Description="")
    lines = read_form(write_form([old]), "form.csv")
    (found,) = match_corrections(lines, [old], GIFTS, "form.csv")
    assert (found.values["Description"], found.changed) == ("", [])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2\n", "column _repairs_unit, _repairs_no is missing"),
        (b"_repairs_unit,_repairs_no\nx\n", "record 1: it has not as many fields"),
        (b"_repairs_unit,_repairs_no\n\xff,1\n", "no CSV file in UTF-8"),
        (b'_repairs_unit,_repairs_no\n"x"y,1\n', "no CSV file in UTF-8"),
    ],
    ids=["another file", "a short line", "another encoding", "a broken quote"],
)
def test_a_file_that_is_no_form_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        read_form(content, "form.csv")


@pytest.mark.parametrize("number", ["8", "", "seven"])
def test_a_line_that_names_no_open_record_is_refused(number: str) -> None:
    old = aside()
    (line,) = read_form(write_form([old]), "form.csv")
    with pytest.raises(ParameterError, match=r"record 1 names record .* which is not open \(1 of 1 line\)"):
        match_corrections([{**line, "_repairs_no": number}], [old], GIFTS, "form.csv")


def test_a_form_that_lost_a_column_is_refused() -> None:
    old = aside()
    (line,) = read_form(write_form([old]), "form.csv")
    del line["Country"]
    with pytest.raises(ParameterError, match=r"column Country of gift_partner is missing; nothing was landed"):
        match_corrections([line], [old], GIFTS, "form.csv")


def test_corrections_land_as_a_unit_that_names_what_it_repairs(tmp_path: Path) -> None:
    store, old = LandingStore(tmp_path), aside()
    (line,) = read_form(write_form([old]), "form.csv")
    corrected = [{**line, "Description": 'PLATE 5", BLUE'}]
    found = match_corrections(corrected, [old], GIFTS, "form.csv")
    unit = land_repair(store, "gift_partner", found, "form.csv", datetime(2011, 1, 7, tzinfo=UTC))
    assert unit
    assert unit.repairs == [UNIT]
    header, record = store.content_path(unit).read_text().splitlines()
    assert header.startswith("_repairs_unit,_repairs_no,InvoiceNo,StockCode,Description,")
    assert record == f'"{UNIT}","7","540113",,"PLATE 5"", BLUE","-12",,,,'
    assert land_repair(store, "gift_partner", found, "form.csv", datetime(2011, 1, 8, tzinfo=UTC)) is None


def test_a_repair_reopens_the_units_it_names_and_their_earlier_repairs(tmp_path: Path) -> None:
    store, old = LandingStore(tmp_path), aside()
    (line,) = read_form(write_form([old]), "form.csv")
    units = []
    for day, text in ((7, "PLATE"), (8, "PLATES")):
        found = match_corrections([{**line, "Description": text}], [old], GIFTS, "form.csv")
        units.append(land_repair(store, "gift_partner", found, "form.csv", datetime(2011, 1, day, tzinfo=UTC)))
    first, second = units
    assert first and second  # noqa: PT018 the two are one fact
    assert store.reopened("gift_partner", [second]) == [first]
    assert store.reopened("gift_partner", [first, second]) == []
