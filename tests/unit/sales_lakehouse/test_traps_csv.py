"""What other readers of delimited text get wrong without a word: each case with its real bytes."""

import csv
import gzip

import pytest

from sales_lakehouse.specs import SourceSpec
from tests.conftest import PIPELINES
from tests.partners import csv_source, source_of
from tests.rows import Row, covers, kinds, records_of, rows_of

SAMPLES = PIPELINES / "samples/online-retail"
PLAIN = csv_source()
BREAKS = csv_source(line_breaks_in_fields=True)


def values(rows: list[Row], *columns: str) -> list[tuple[str | None, ...]]:
    return [
        tuple(row[name] for name in columns or ("id", "name", "amount")) for row in rows if row["_kind"] == "record"
    ]


@pytest.mark.parametrize(
    "text",
    ["12,50", "1.234,56", "9.999", "\uff11\uff12", "NaN", "Infinity", "1e400", " 7 ", "0024-02-29", "2011-03-27 01:30"],
)
def test_a_text_that_a_cast_would_bend_stays_as_written(text: str) -> None:
    content = f'id,name,amount\n1,a,"{text}"\n'.encode()
    assert values(records_of(content, PLAIN)) == [("1", "a", text)]


def test_a_changed_order_of_the_header_moves_no_value() -> None:
    assert values(records_of(b"amount,name,id\n2.50,a,1\n", PLAIN)) == [("1", "a", "2.50")]


def test_files_with_different_headers_are_read_each_by_its_own() -> None:
    first, second = (records_of(content, PLAIN) for content in (b"id,name,amount\n1,a,2\n", b"name,id,amount\nb,2,3\n"))
    assert values(first + second) == [("1", "a", "2"), ("2", "b", "3")]


def test_a_file_without_its_header_loses_no_row_silently() -> None:
    rows = rows_of(b"7,z,1\n1,a,2\n", PLAIN)
    assert kinds(rows) == ["header", "quarantined"]
    assert "there is no header" in rows[1]["_reason"]


@pytest.mark.parametrize(
    ("line", "count"), [(b"1,a,2,3\n", 4), (b"1,a\n", 2), (b"1\n", 1)], ids=["a field too many", "too few", "one field"]
)
def test_a_field_too_many_or_too_few_is_neither_dropped_nor_null(line: bytes, count: int) -> None:
    rows = rows_of(b"id,name,amount\n" + line, PLAIN)
    assert rows[1]["_reason"] == f"{count} field{'s' if count > 1 else ''} instead of 3"
    assert rows[1]["_raw"] == line.decode()


def test_a_refused_record_is_in_every_projection_and_count() -> None:
    rows = rows_of(b"id,name,amount\n1,a,2\n1,a\n", PLAIN)
    assert [(row["_record_no"], row["id"]) for row in rows[1:]] == [(1, "1"), (2, None)]


def test_a_line_break_in_quotes_is_no_two_half_rows() -> None:
    content = b'id,name,amount\n1,"a\nb",2\n3,c,4\n'
    assert kinds(rows_of(content, PLAIN)) == ["header", "refused", "refused", "record"]
    assert values(records_of(content, BREAKS)) == [("1", "a\nb", "2"), ("3", "c", "4")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_a_line_break_in_quotes_stays_the_one_it_is(end: str) -> None:
    content = f'id,name,amount\n1,"a{end}b",2\n'.encode()
    assert values(records_of(content, BREAKS)) == [("1", f"a{end}b", "2")]


@pytest.mark.parametrize("source", [PLAIN, BREAKS], ids=["one line a record", "line breaks in fields"])
def test_one_stray_quote_does_not_swallow_a_thousand_records(source: SourceSpec) -> None:
    lines = [b"%d,n,%d\n" % (number, number) for number in range(1000)]
    content = b"id,name,amount\n" + b"".join(lines[:500]) + b'x,"stray,1\n' + b"".join(lines[500:])
    rows = rows_of(content, source)
    kept = [row["bytes"] for row in rows if row["_kind"] == "record"]
    assert covers(rows, content)
    # After an odd number of quotes the next line may be the inside of a field: one innocent line is the price.
    assert [*set(lines) - set(kept)] == ([] if source is PLAIN else [lines[500]])
    assert all(line in lines for line in kept)


def test_two_stray_quotes_that_make_a_valid_record_of_three_lines_are_seen() -> None:
    content = b'id,name,amount\n1,"a,2\n2,b,3\n3,c",4\n5,e,6\n'
    rows = rows_of(content, BREAKS)
    assert all(row["bytes"].count(b"\n") == 1 for row in rows if row["_kind"] == "record")
    assert rows[1]["_kind"] == "refused"
    assert "a line inside it is a record of its own" in rows[1]["_reason"]


def test_a_doubled_quote_is_one_quote_and_a_backslash_is_a_backslash() -> None:
    content = b'id,name,amount\n1,"5"" \\pipe\\",2\n'
    assert values(records_of(content, PLAIN)) == [("1", '5" \\pipe\\', "2")]


def test_a_declared_backslash_escapes() -> None:
    source = csv_source(escape="backslash", null_words=["", "\\N"])
    content = b'id,name,amount\n1,"5\\" \\\\pipe, a",\\N\n2,a\\,b,"\\\\N"\n'
    assert values(records_of(content, source)) == [("1", '5" \\pipe, a', None), ("2", "a,b", "\\N")]


def test_blanks_inside_and_outside_of_quotes_stay() -> None:
    assert values(records_of(b'id,name,amount\n 1 ," a ",\t2\n', PLAIN)) == [(" 1 ", " a ", "\t2")]


def test_duplicate_and_nameless_columns_are_not_renamed() -> None:
    rows = rows_of(b"id,name,amount,amount\n1,a,2,3\n", PLAIN)
    assert "column amount stands more than once" in rows[1]["_reason"]
    rows = rows_of(b"id,name,amount,,\n1,a,2,3,4\n", PLAIN)
    assert "column (no name) stands more than once" in rows[1]["_reason"]


def test_a_column_of_spark_s_own_name_is_a_column() -> None:
    source = csv_source(("id", "_corrupt_record", "run_date"))
    rows = records_of(b"id,_corrupt_record,run_date\n1,mine,2024\n", source)
    assert values(rows, "_corrupt_record", "run_date") == [("mine", "2024")]


def test_gzip_under_the_name_of_a_csv_is_no_garbage() -> None:
    (row,) = rows_of(gzip.compress(b"id,name,amount\n1,a,2\n"), PLAIN)
    assert "packed by gzip, whatever its name says" in row["_reason"]


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        (b"\xa3", "not decodable in utf-8 at byte 2 of the record (0xa3)"),
        (b"\0", "a NUL byte inside the record, at character 2"),
        (b"\xef\xbb\xbf", "a byte order mark inside the record"),
        (b'x"y', "a quote inside field 2, which is not quoted"),
        (b'"x"y', "text after the closing quote of field 2"),
        (b'"xy', "the quote of field 2 is not closed"),
        (b"x\ry", "a line break inside the line"),
    ],
    ids=["latin-1 pound", "NUL", "byte order mark", "quote inside", "text after quote", "open quote", "bare CR"],
)
def test_a_damaged_line_costs_itself_and_is_told_why(sign: bytes, reason: str) -> None:
    content = b"id,name,amount\n0,a,1\n1," + sign + b",2\n3,c,4\n"
    rows = rows_of(content, PLAIN)
    assert kinds(rows) == ["header", "record", "refused", "record"]
    assert reason in rows[2]["_reason"]


def test_windows_1252_is_read_as_such_and_utf_8_under_its_name_is_seen() -> None:
    source = csv_source(encoding="windows-1252")
    content = "id,name,amount\n1,Öl £,2\n"
    assert values(records_of(content.encode("windows-1252"), source)) == [("1", "Öl £", "2")]
    rows = rows_of(content.encode("utf-8"), source)
    assert "another encoding than declared: every character beyond ASCII is UTF-8" in rows[1]["_reason"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "shift_jis", "cp037", "utf-8-sig", "gb18030"])
def test_any_encoding_is_read_and_its_spans_are_its_own(encoding: str) -> None:
    content = 'id,name,amount\n1,a|b\\,2\n2,"x,\n",3\n3,表,4\n'.replace("表", "é" if encoding == "cp037" else "表")
    rows = rows_of(content.encode(encoding), csv_source(encoding=encoding, line_breaks_in_fields=True))
    assert covers(rows, content.encode(encoding))
    assert [row[1] for row in values(rows)] == ["a|b\\", "x,\n", content[-4]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfei\0d\0,", "not decodable in utf-16-le at byte 6"),
        (b"i\0d\0", "no byte order mark; declare utf-16-le or utf-16-be"),
        (b"\xff\xfe\x00\xd8a\0", "not decodable in utf-16-le at byte 2"),
    ],
    ids=["half a sign", "no mark", "half a pair"],
)
def test_text_that_is_no_utf_16_is_set_aside_whole(content: bytes, reason: str) -> None:
    (row,) = rows_of(content, csv_source(encoding="utf-16"))
    assert reason in row["_reason"]


def test_preamble_and_footer_are_no_records() -> None:
    source = csv_source(preamble=2, footer={"marker": "TOTAL", "records": 1})
    rows = rows_of(b'Report, "of\n\nid,name,amount\n1,a,2\nTOTAL,1\n', source)
    assert kinds(rows) == ["preamble", "preamble", "header", "record", "footer"]


@pytest.mark.parametrize("footer", [b"TOTAL,1,2\n", b'"TOTAL",1,2\n', b"TOTAL,1"], ids=["plain", "quoted", "short"])
def test_a_footer_of_as_many_fields_as_a_record_is_none(footer: bytes) -> None:
    source = csv_source(footer={"marker": "TOTAL", "records": 1})
    rows = rows_of(b"id,name,amount\nTOTAL1,a,2\n" + footer, source)
    assert kinds(rows) == ["header", "record", "footer"]


def test_an_undecodable_line_before_a_cut_one_keeps_its_place() -> None:
    content = b"id,name,amount\n1,\xff,2\n1,a"
    rows = rows_of(content, PLAIN)
    assert covers(rows, content)
    assert kinds(rows) == ["header", "refused", "refused"]


def test_an_empty_text_is_not_null() -> None:
    content = b'id,name,amount\n1,,""\n2,"NULL",NULL\n'
    assert values(records_of(content, PLAIN)) == [("1", None, ""), ("2", "NULL", "NULL")]
    declared = csv_source(null_words=["NULL"])
    assert values(records_of(content, declared)) == [("1", "", ""), ("2", "NULL", None)]


def test_a_single_null_column_is_no_lost_row() -> None:
    source = csv_source(("id",))
    rows = rows_of(b'id\n""\n1\n \n', source)
    assert values(rows, "id") == [("",), ("1",), (" ",)]


def test_a_file_without_a_header_has_the_agreed_columns() -> None:
    assert values(rows_of(b"1,a,2\n", csv_source(header=False))) == [("1", "a", "2")]


def test_lines_may_end_with_a_carriage_return() -> None:
    rows = rows_of(b'id,name,amount\r1,"a",2\r\r3,b,4', csv_source(line_end="cr"))
    assert kinds(rows) == ["header", "record", "blank", "record"]
    assert values(rows) == [("1", "a", "2"), ("3", "b", "4")]


def test_one_line_with_another_end_costs_itself() -> None:
    rows = rows_of(b"id,name,amount\r\n1,a,2\n3,b,4\r\n", csv_source(line_end="crlf"))
    assert kinds(rows) == ["header", "refused", "record"]
    assert "the line ends with LF, not with CRLF as declared" in rows[1]["_reason"]


STATED = source_of({"kind": "csv", "amount_of": ["amount"]}, decimal_mark=",", thousands_mark=".")


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"records": "2", "amount": "1.237,06"}, None),
        ({"records": "3"}, "the partner states 3 records, 2 records were found"),
        ({"amount": "1237,07"}, "the partner states the amount 1237,07, the records sum up to 1237.06"),
        ({"amount": "12.37,06"}, "the partner states the amount 12.37,06"),
        ({"bytes": "1"}, "the partner states 1 bytes, "),
        ({"sha256": "0" * 64}, "the partner states the sha256 000"),
    ],
    ids=["agrees", "records", "a cent off", "misplaced mark", "bytes", "checksum"],
)
def test_what_the_partner_says_elsewhere_is_held_against_the_unit(stated: dict[str, str], reason: str | None) -> None:
    rows = rows_of(b'id,name,amount\n1,a,"1.234,56"\n2,b,"2,50"\n', STATED, stated)
    assert kinds(rows)[1:] == ["quarantined" if reason else "record"] * 2
    assert (rows[1]["_reason"] or "").startswith(reason or "")


def test_an_unknown_statement_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="stated: rows; expected some of records, amount, sha256, bytes"):
        rows_of(b"id,name,amount\n", PLAIN, {"rows": "1"})


def test_rows_joined_by_lost_bytes_are_seen_by_the_partner_s_count_alone() -> None:
    """Bytes cut out across two rows leave a valid file: no reader can see that, only a control total."""
    cut = b"id,name,amount\n1,a,2\n3,c,4\n".replace(b"a,2\n3,", b"")
    assert kinds(rows_of(cut, PLAIN)) == ["header", "record"]
    assert "states 2 records, 1 record was found" in rows_of(cut, PLAIN, {"records": "2"})[1]["_reason"]


def test_every_value_of_the_samples_is_read_as_python_reads_it() -> None:
    columns = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
    source = csv_source(columns)
    paths = sorted(SAMPLES.glob("*.csv"))
    assert len(paths) == 14
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            expected = [tuple(text or None for text in line) for line in csv.reader(file)][1:]
        assert values(rows_of(path.read_bytes(), source), *columns) == expected
