"""The strict reader of delimited files: nothing bent, every byte accounted for."""

import pytest

from sales_lakehouse.specs import Pipelines
from tests.rows import Row, covers, kinds, rows_of

HEADER = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINE = b"540113,22776,CAKESTAND,1,2011-01-05 09:11:00,9.95,13126.0,United Kingdom\n"
EURO_HEADER = "Beleg;Artikel;Bezeichnung;Menge;Zeitpunkt;Einzelpreis;Kunde;Land\r\n"
EURO_LINE = "540116;22776;TÖPFE £20;2;05.01.2011 10:00;9,95;13126;Germany\r\n"


def scan_gift(pipelines: Pipelines, content: bytes) -> list[Row]:
    return rows_of(content, pipelines.source("gift_partner"))


def scan_euro(pipelines: Pipelines, text: str) -> list[Row]:
    return rows_of(text.encode("windows-1252"), pipelines.source("euro_partner"))


def test_values_stay_as_written(pipelines: Pipelines) -> None:
    line = b'540113,22776," 7"" PLATE, RED ",01,2011-01-05 09:11:00,9.950,,EIRE\n'
    record = scan_gift(pipelines, HEADER + line)[1]
    assert {name: record[name] for name in pipelines.source("gift_partner").columns} == {
        "InvoiceNo": "540113",
        "StockCode": "22776",
        "Description": ' 7" PLATE, RED ',
        "Quantity": "01",
        "InvoiceDate": "2011-01-05 09:11:00",
        "UnitPrice": "9.950",
        "CustomerID": None,
        "Country": "EIRE",
    }


@pytest.mark.parametrize(
    "content",
    [
        HEADER + LINE * 3,
        HEADER + LINE + b"\n" + LINE[:-1],
        HEADER + b'"' + LINE + b"x\n",
        b"a,b\n" + LINE,
        b"\n",
        HEADER,
    ],
    ids=[
        "whole",
        "blank line and no last line end",
        "broken lines",
        "wrong header",
        "only a line end",
        "only a header",
    ],
)
def test_every_byte_is_in_exactly_one_piece(pipelines: Pipelines, content: bytes) -> None:
    assert covers(scan_gift(pipelines, content), content)


def test_one_broken_quote_costs_exactly_its_line(pipelines: Pipelines) -> None:
    broken = LINE.replace(b"CAKESTAND", b'"CAKESTAND')
    pieces = scan_gift(pipelines, HEADER + LINE + broken + LINE)
    assert kinds(pieces) == ["header", "record", "refused", "record"]
    assert pieces[2]["_raw"] == broken.decode()
    assert [piece["_record_no"] for piece in pieces] == [None, 1, 2, 3]


@pytest.mark.parametrize(
    "line", [LINE[:-1] + b",more\n", b"540113,22776\n"], ids=["a field too many", "fields missing"]
)
def test_wrong_number_of_fields_is_refused_with_the_count(pipelines: Pipelines, line: bytes) -> None:
    refused = scan_gift(pipelines, HEADER + line)[1]
    assert refused["_kind"] == "refused"
    assert "fields instead of 8" in (refused["_reason"] or "")


def test_bytes_of_another_encoding_refuse_their_line_only(pipelines: Pipelines) -> None:
    pieces = scan_gift(pipelines, HEADER + LINE + LINE.replace(b"CAKE", b"CAK\xa3") + LINE)
    assert kinds(pieces) == ["header", "record", "refused", "record"]


def test_reordered_columns_are_read_by_name(pipelines: Pipelines) -> None:
    content = (
        b"StockCode,InvoiceNo,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n22776,540113,A,1,,,,\n"
    )
    values = scan_gift(pipelines, content)[1]
    assert (values["InvoiceNo"], values["StockCode"]) == ("540113", "22776")


def test_an_added_column_is_kept_aside(pipelines: Pipelines) -> None:
    content = HEADER.replace(b"Country", b"Country,Channel") + LINE.replace(b"Kingdom", b"Kingdom,shop")
    assert scan_gift(pipelines, content)[1]["_extra"] == '{"Channel": "shop"}'


def test_a_missing_column_sets_the_whole_unit_aside(pipelines: Pipelines) -> None:
    content = HEADER.replace(b"UnitPrice,", b"") + LINE.replace(b"9.95,", b"") * 2
    pieces = scan_gift(pipelines, content)
    assert kinds(pieces) == ["header", "quarantined", "quarantined"]
    assert "column UnitPrice is missing; the header has 7 of 8 agreed columns" in (pieces[1]["_reason"] or "")
    assert pieces[1]["_raw"] == LINE.replace(b"9.95,", b"").decode()


def test_a_column_that_stands_twice_sets_the_unit_aside(pipelines: Pipelines) -> None:
    content = HEADER.replace(b"Country", b"Country,Country") + LINE.replace(b"Kingdom", b"Kingdom,UK")
    assert "more than once" in (scan_gift(pipelines, content)[1]["_reason"] or "")


def test_an_empty_file_is_a_unit_in_quarantine(pipelines: Pipelines) -> None:
    (piece,) = scan_gift(pipelines, b"")
    assert (piece["_kind"], piece["_reason"]) == ("quarantined", "the file is empty, not even a header line")


def test_a_lost_column_is_told_even_when_no_line_follows(pipelines: Pipelines) -> None:
    (piece,) = scan_gift(pipelines, HEADER.replace(b"UnitPrice,", b""))
    assert (piece["_kind"], piece["_byte_start"], piece["_byte_length"]) == (
        "quarantined",
        0,
        len(HEADER) - len("UnitPrice,"),
    )
    assert "column UnitPrice is missing" in (piece["_reason"] or "")


def test_a_file_cut_after_its_header_is_no_empty_day(pipelines: Pipelines) -> None:
    (piece,) = scan_euro(pipelines, EURO_HEADER)
    assert (piece["_kind"], piece["_record_no"]) == ("quarantined", 1)
    assert "the file may be cut" in (piece["_reason"] or "")


def test_a_day_without_a_line_is_whole(pipelines: Pipelines) -> None:
    assert kinds(scan_gift(pipelines, HEADER)) == ["header"]
    assert kinds(scan_euro(pipelines, EURO_HEADER + "TOTAL;0;0\r\n")) == ["header", "footer"]


def test_the_other_tongue_is_read_in_its_own_encoding(pipelines: Pipelines) -> None:
    pieces = scan_euro(pipelines, EURO_HEADER + EURO_LINE + "TOTAL;1;19,90\r\n")
    assert kinds(pieces) == ["header", "record", "footer"]
    assert pieces[1]["Bezeichnung"] == "TÖPFE £20"


@pytest.mark.parametrize(
    ("footer", "reason"),
    [
        ("TOTAL;2;39,80\r\n", "1 record was found"),
        ("TOTAL;1;19,91\r\n", "the records sum up to 19.90"),
        ("", "expected one TOTAL line"),
        ("TOTAL;1;19,90\r\n" + EURO_LINE, "expected one TOTAL line, the last one"),
    ],
    ids=["a record lost", "a cent off", "cut file", "lines after it"],
)
def test_a_footer_that_disagrees_sets_the_unit_aside(pipelines: Pipelines, footer: str, reason: str) -> None:
    pieces = scan_euro(pipelines, EURO_HEADER + EURO_LINE + footer)
    assert pieces[1]["_kind"] == "quarantined"
    assert reason in (pieces[1]["_reason"] or "")


def test_an_unreadable_price_is_left_to_the_rules_of_silver(pipelines: Pipelines) -> None:
    line = EURO_LINE.replace("9,95", "frei")
    rows = scan_euro(pipelines, EURO_HEADER + line + "TOTAL;1;0,00\r\n")
    assert kinds(rows) == ["header", "record", "footer", "footer"]
    assert rows[-1]["_byte_length"] == 0
    assert "the amount 0,00, which was not compared: 1 of 1 amounts cannot be read" in rows[-1]["_reason"]
