"""The partners' files say what the shop's invoices say, each in its own tongue."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import pytest

from sales_lakehouse.simulate.errors import SimulatorError
from sales_lakehouse.simulate.partner_files import PartnerFile, euro_file, gift_file, partner_files
from sales_lakehouse.simulate.samples import Invoice, Line, read_samples
from tests.samples import SAMPLES, sample_days, seller_of, seller_total

DAY = date(2011, 1, 4)
TRICKY = (' LEADING, "QUOTED" ', "a;b", "£5", "", "line\nbreak", '"')


@pytest.fixture(scope="module")
def files() -> dict[str, PartnerFile]:
    """Give all files of all days by their names."""
    return {each.name: each for each in partner_files(read_samples(SAMPLES))}


def invoice(descriptions: Sequence[str]) -> Invoice:
    """Make an invoice with one line for each description."""
    lines = tuple(
        Line(
            row=("540001", "M", each, "3", "2011-01-04 09:05:00", "0.85", "", "EIRE"),
            stock_code="M",
            description=each,
            quantity=3,
            sold_at=datetime(2011, 1, 4, 9, 5),
            unit_price=Decimal("0.85"),
        )
        for each in descriptions
    )
    return Invoice("540001", None, "EIRE", lines)


def euro_rows(file: PartnerFile) -> list[list[str]]:
    """Read a euro file as its partner declares it, strictly."""
    text = io.StringIO(file.content.decode("windows-1252"), newline="")
    return list(csv.reader(text, delimiter=";", strict=True))


def test_each_partner_has_one_file_for_each_day(files: dict[str, PartnerFile]) -> None:
    days = sample_days()
    assert len(days) == 14
    assert sorted(files) == [f"{day}.csv" for day in days] + [f"verkauf_{day}.csv" for day in days]


@pytest.mark.parametrize("day", sample_days())
def test_gift_file_is_the_shops_own_lines_byte_for_byte(day: str, files: dict[str, PartnerFile]) -> None:
    header, *raw = (SAMPLES / f"{day}.csv").read_bytes().splitlines(keepends=True)
    own = [line for line in raw if seller_of(line.split(b",")[0].decode()) == "gift_partner"]
    assert own
    assert files[f"{day}.csv"].content == header + b"".join(own)


@pytest.mark.parametrize("day", sample_days())
def test_euro_footer_agrees_with_its_rows_and_with_the_raw_day(day: str, files: dict[str, PartnerFile]) -> None:
    _, *rows, footer = euro_rows(files[f"verkauf_{day}.csv"])
    amount = sum(int(row[3]) * Decimal(row[5].replace(",", ".")) for row in rows)
    expected = seller_total(day, "euro_partner")
    assert (len(rows), amount) == (expected.lines, expected.amount)
    assert footer == ["TOTAL", f"{expected.lines}", f"{expected.amount}".replace(".", ",")]


@pytest.mark.parametrize("day", sample_days())
def test_euro_file_has_carriage_returns_and_no_point_in_a_price(day: str, files: dict[str, PartnerFile]) -> None:
    content = files[f"verkauf_{day}.csv"].content
    assert content.startswith(b"Beleg;Artikel;Bezeichnung;Menge;Zeitpunkt;Einzelpreis;Kunde;Land\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    _, *rows, _ = euro_rows(files[f"verkauf_{day}.csv"])
    assert not any("." in row[5] + row[6] for row in rows)


def test_euro_file_writes_the_pound_sign_in_windows_1252() -> None:
    assert b"\xa35" in euro_file(DAY, [invoice(["£5"])]).content


def test_euro_row_in_its_own_tongue() -> None:
    _, row, footer = euro_file(DAY, [invoice(["DOT"])]).content.decode("cp1252").splitlines()
    assert row == "540001;M;DOT;3;04.01.2011 09:05;0,85;;EIRE"
    assert footer == "TOTAL;1;2,55"


def test_quoting_survives_in_both_files() -> None:
    tricky = [invoice(TRICKY)]
    gift = csv.reader(io.StringIO(gift_file(DAY, tricky).content.decode(), newline=""), strict=True)
    assert [row[2] for row in gift][1:] == list(TRICKY)
    assert [row[2] for row in euro_rows(euro_file(DAY, tricky))][1:-1] == list(TRICKY)


def test_a_day_without_sales_is_stated_as_such() -> None:
    assert gift_file(DAY, []).content.count(b"\n") == 1
    assert euro_file(DAY, []).content.endswith(b"Land\r\nTOTAL;0;0,00\r\n")


def test_a_text_that_windows_1252_cannot_say_is_refused_by_name() -> None:
    with pytest.raises(SimulatorError, match=r"verkauf_2011-01-04\.csv: .*'雪'.*Windows-1252"):
        euro_file(DAY, [invoice(["雪"])])
