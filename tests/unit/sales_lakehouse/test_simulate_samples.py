"""The raw samples are whole, and are read without losing a character."""

import re
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sales_lakehouse.simulate.errors import SimulatorError
from sales_lakehouse.simulate.places import find_bundle, find_samples
from sales_lakehouse.simulate.samples import HEADER, read_invoices, read_samples
from tests.samples import SAMPLES, Total, day_total, raw_rows, sample_days
from tests.shops import make_bundle


def test_control_totals_of_the_source_note_hold() -> None:
    note = (SAMPLES / "SOURCE.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (2011-\S+) \| (\S+) \| (\S+) \| (\S+) \|$", note, re.MULTILINE)
    assert [day for day, *_ in table] == sample_days()
    for day, invoices, lines, amount in table:
        assert len({row["InvoiceNo"] for row in raw_rows(day)}) == int(invoices)
        assert day_total(day) == Total(int(lines.replace(",", "")), Decimal(amount.replace(",", "")))


def test_the_fortnight_is_21930_lines_worth_358238_pounds_50() -> None:
    totals = [day_total(day) for day in sample_days()]
    assert len(totals) == 14
    assert sum(total.lines for total in totals) == 21_930
    assert sum(total.amount for total in totals) == Decimal("358238.50")


@pytest.mark.parametrize("day", sample_days())
def test_every_line_is_read_with_its_exact_text_in_order(day: str) -> None:
    invoices = read_invoices(SAMPLES / f"{day}.csv")
    read = [dict(zip(HEADER, line.row, strict=True)) for each in invoices for line in each.lines]
    assert read == raw_rows(day)


def test_until_is_inclusive_and_needs_no_trading_day() -> None:
    assert [each.day.day for each in read_samples(SAMPLES, date(2011, 1, 6))] == [4, 5, 6]
    assert [each.day.day for each in read_samples(SAMPLES, date(2011, 1, 8))] == [4, 5, 6, 7]


def test_a_date_before_all_samples_is_refused_with_the_span_they_hold() -> None:
    with pytest.raises(SimulatorError, match="hold 2011-01-04 to 2011-01-19; choose a later date"):
        read_samples(SAMPLES, date(2010, 12, 31))


def test_a_customer_number_loses_its_point_zero_and_an_empty_one_is_none() -> None:
    customers = {each.customer_id for each in read_invoices(SAMPLES / "2011-01-04.csv")}
    assert {"13313", None} < customers
    assert not any("." in each for each in customers if each)


DAMAGES = {
    "header": (b"InvoiceNo,", b"Invoice,", "line 1: the header is not InvoiceNo,StockCode"),
    "field lost": (b"539993,22386,", b"539993;22386,", "line 2: 7 fields instead of 8"),
    "seconds": (b"10:00:00,1.95", b"10:00:01,1.95", "InvoiceDate cannot be '2011-01-04 10:00:01'"),
    "price": (b",1.95,13313.0", b",1e2,13313.0", "UnitPrice cannot be '1e2'"),
    "encoding": (b"JUMBO", b"J\xdcMBO", "codec can't decode"),
    "two customers": (b"1.95,13313.0", b"1.95,13314.0", "539993 names more than one customer"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_sample_is_refused_naming_the_place(damage: str, tmp_path: Path) -> None:
    before, after, message = DAMAGES[damage]
    whole = (SAMPLES / "2011-01-04.csv").read_bytes()
    assert before in whole
    damaged = tmp_path / "2011-01-04.csv"
    damaged.write_bytes(whole.replace(before, after, 1))
    with pytest.raises(SimulatorError, match=re.escape(message)):
        read_invoices(damaged)


def test_a_file_that_is_no_day_is_refused(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "2011-01-04.csv", tmp_path / "copy of 2011-01-04.csv")
    with pytest.raises(SimulatorError, match=r"named by their day, like 2011-01-04\.csv"):
        read_samples(tmp_path)


def test_samples_are_found_from_any_folder_of_the_bundle(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path)
    inside = bundle / "pipelines/samples"
    assert find_bundle(inside) == bundle.resolve()
    assert find_samples(inside) == bundle.resolve() / "pipelines/samples/online-retail"


def test_outside_of_a_bundle_the_error_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match=r"no databricks\.yml .* name it with --bundle DIR"):
        find_bundle(tmp_path)


def test_a_bundle_without_samples_says_how_to_restore_them(tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").touch()
    with pytest.raises(SimulatorError, match="git checkout -- pipelines/samples/online-retail"):
        find_samples(tmp_path)
