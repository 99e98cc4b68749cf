"""A large file that several workers read in parts gives the rows of the whole."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_lakehouse.errors import BooksError
from sales_lakehouse.scan import count_records, cut_unit, scan_part, scan_schema, scan_unit
from sales_lakehouse.specs import SourceSpec, load_source
from sales_lakehouse.specs.formats import CsvFormat, Footer
from tests.conftest import PIPELINES

GIFTS = load_source(PIPELINES / "sources/gift_partner.yml")
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
LINES = st.sampled_from(
    [
        "1,A,CAKE,1,d,9.95,,EIRE",
        '1,A,"CAKE, BIG",1,d,9.95,,EIRE',
        "",
        "   ",
        "\t",
        "1,2,3",
        '1,"x"y,,,,,,',
        HEADER,
        " 1,A,,,,,,",
    ]
)


def source_with(**dialect: object) -> SourceSpec:
    return GIFTS.model_copy(update={"format": CsvFormat(kind="csv", **dialect)})


def table_of(source: SourceSpec, batches: object) -> pa.Table:
    return pa.Table.from_batches(batches, scan_schema(source))


def in_parts(content: bytes, source: SourceSpec, size: int) -> tuple[int, pa.Table]:
    parts = cut_unit(content, source, {}, size)
    if len(parts) == 1:  # read whole, as the chain does
        return 1, table_of(source, scan_unit(content, source))
    counts = [count_records(content, source, part) for part in parts]
    batches = [
        batch
        for number, (part, count) in enumerate(zip(parts, counts, strict=True))
        for batch in scan_part(content, source, part, sum(counts[:number]), count)
    ]
    return len(parts), table_of(source, batches)


@given(
    lines=st.lists(LINES, min_size=1, max_size=40),
    size=st.integers(10, 200),
    line_end=st.sampled_from(["lf", "crlf", "cr"]),
    header=st.sampled_from([HEADER, f"{HEADER},More", HEADER.replace(",UnitPrice", ",Price"), "\ufeff" + HEADER]),
    is_cut=st.booleans(),
)
def test_the_parts_together_are_the_whole(
    lines: list[str], size: int, line_end: str, header: str, is_cut: bool
) -> None:
    end = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}[line_end]
    encoding = "utf-8-sig" if header.startswith("\ufeff") else "utf-8"
    content = end.join([header, *lines, "" if is_cut else "1,A,CAKE,1,d,9.95,,EIRE"]).encode()
    source = source_with(line_end=line_end, encoding=encoding)
    whole = table_of(source, scan_unit(content, source))
    _, together = in_parts(content, source, size)
    assert together.to_pylist() == whole.to_pylist()


def test_a_large_file_is_cut() -> None:
    content = (HEADER + "\n" + "1,A,CAKE,1,d,9.95,,EIRE\n" * 100).encode()
    parts, together = in_parts(content, GIFTS, 300)
    assert parts > 5
    assert together["_record_no"].to_pylist() == [None, *range(1, 101)]


@pytest.mark.parametrize(
    ("dialect", "stated"),
    [
        ({"line_breaks_in_fields": True}, {}),
        ({"footer": Footer(marker="TOTAL", records=1)}, {}),
        ({"packed": "gzip"}, {}),
        ({"encoding": "utf-16"}, {}),
        ({}, {"records": "100"}),
    ],
    ids=["line breaks in fields", "a footer", "packed", "no ASCII", "totals beside it"],
)
def test_what_must_be_read_whole_is_not_cut(dialect: dict[str, object], stated: dict[str, str]) -> None:
    content = (HEADER + "\n" + "1,A,CAKE,1,d,9.95,,EIRE\n" * 100).encode()
    assert len(cut_unit(content, source_with(**dialect), stated, 300)) == 1


def test_a_part_that_holds_other_records_than_counted_stops_the_run() -> None:
    content = (HEADER + "\n" + "1,A,CAKE,1,d,9.95,,EIRE\n" * 100).encode()
    part = cut_unit(content, GIFTS, {}, 300)[1]
    with pytest.raises(BooksError, match=r"hold 3 lines and \d+ records were read; nothing of the unit was written"):
        list(scan_part(content, GIFTS, part, 0, 3))
