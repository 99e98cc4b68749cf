"""Deliveries that mean harm, or are damaged on the way: refused in words, in bounded time and memory."""

import gzip
import io
import resource
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sales_lakehouse.scan import scan_unit, spanned
from tests.partners import csv_source, source_of
from tests.rows import Row, covers, kinds, rows_of

VALID = b"id,name,amount\n1,a,2.50\n2,b,3.50\n"
GZIP = csv_source(packed="gzip")
ZIP = csv_source(packed="zip")


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(f"{name}.csv", member)
    return content.getvalue()


@contextmanager
def within(seconds: float, megabytes: int) -> Iterator[None]:
    begun, held = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - begun < seconds
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024 < megabytes


def only(rows: list[Row]) -> Row:
    (row,) = rows
    return row


@pytest.mark.parametrize(
    ("packed", "content"), [("gzip", gzip.compress(VALID)), ("zip", zipped(a=VALID))], ids=["gzip", "zip"]
)
def test_a_packed_unit_is_read_and_its_spans_are_those_of_the_unpacked_bytes(packed: str, content: bytes) -> None:
    rows = [row for batch in scan_unit(content, csv_source(packed=packed)) for row in batch.to_pylist()]
    assert kinds(rows) == ["header", "record", "record"]
    assert [row["amount"] for row in rows[1:]] == ["2.50", "3.50"]
    assert sum(row["_byte_length"] for row in rows) == len(VALID)


def test_a_packed_unit_s_spans_point_into_what_it_unpacks_to() -> None:
    with spanned(gzip.compress(VALID), GZIP) as content:
        assert content[:] == VALID
    with spanned(VALID, GZIP) as content:
        assert content == VALID


def test_several_gzip_members_are_one_file() -> None:
    rows = [
        row for b in scan_unit(gzip.compress(VALID[:20]) + gzip.compress(VALID[20:]), GZIP) for row in b.to_pylist()
    ]
    assert kinds(rows) == ["header", "record", "record"]


@pytest.mark.parametrize(
    ("packed", "content", "reason"),
    [
        ("gzip", gzip.compress(VALID)[:-9], "is cut"),
        ("gzip", gzip.compress(VALID)[:-3], "is cut"),
        ("gzip", gzip.compress(VALID) + b"more", "other bytes follow the gzip data"),
        ("gzip", gzip.compress(VALID)[:-8] + b"\0" * 8, "incorrect data check"),
        ("gzip", VALID, "is not packed, whatever its name says"),
        ("gzip", zipped(a=VALID), "is packed by zip, declared is packed: gzip"),
        ("gzip", b"", "is not packed"),
        ("none", gzip.compress(VALID), "is packed by gzip, whatever its name says"),
        ("none", zipped(a=VALID), "is packed by zip"),
        ("zip", zipped(a=VALID, b=VALID), "the zip holds 2 files (a.csv, b.csv), expected one"),
        ("zip", zipped(a=VALID)[:-30], "cut or damaged"),
        ("zip", zipped(a=VALID) + b"more", "other bytes follow the zip data"),
    ],
    ids=[
        "gzip cut",
        "gzip cut in its end",
        "gzip and more",
        "gzip of other bytes",
        "gzip that is none",
        "gzip that is zip",
        "empty gzip",
        "csv that is gzip",
        "csv that is zip",
        "zip of two",
        "zip cut",
        "zip and more",
    ],
)
def test_a_unit_that_is_packed_otherwise_is_set_aside_in_one_piece(packed: str, content: bytes, reason: str) -> None:
    row = only(rows_of(content, csv_source(packed=packed)))
    assert (row["_kind"], row["_byte_start"], row["_byte_length"]) == ("quarantined", 0, len(content))
    assert reason in row["_reason"]


def bomb(members: int, zeros: int) -> bytes:
    return gzip.compress(b"0" * zeros, 9) * members


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bomb(1100, 10_000_000), "over 200 times as many"),
        (bomb(500_000, 0), "the file is empty"),
    ],
    ids=["10 MB that unpack to 11 GB", "half a million empty members"],
)
def test_a_bomb_costs_seconds_and_little_memory(content: bytes, reason: str) -> None:
    assert len(content) > 9_000_000
    with within(seconds=20, megabytes=200):
        (batch,) = scan_unit(content, GZIP)
    assert reason in batch["_reason"][0].as_py()


def test_the_bounds_on_size_are_the_source_s_own() -> None:
    content = gzip.compress(VALID)
    row = only(rows_of(content, csv_source(packed="gzip", max_unpacked_bytes=20)))
    assert "larger than 20 bytes (max_unpacked_bytes)" in row["_reason"]


def test_a_header_of_25000_columns_is_refused_at_once() -> None:
    header = ",".join(f"column_{number}" for number in range(25_000)) + "\n"
    content = (header + "1," * 24_999 + "1\n").encode()
    with within(seconds=2, megabytes=100):
        rows = rows_of(content, csv_source())
    assert kinds(rows) == ["header", "quarantined"]
    assert rows[1]["_reason"] == "the header has 25,000 fields, at most 2,000 are read"


def test_a_header_line_of_megabytes_is_refused_at_once() -> None:
    rows = rows_of(b"x" * 2_000_000 + b"\n1,a,2\n", csv_source())
    assert kinds(rows) == ["header", "quarantined"]
    assert rows[1]["_reason"] == "the header line has 2,000,001 bytes, at most 1,048,576 are read"


@pytest.mark.parametrize("line_breaks", [False, True], ids=["one line a record", "line breaks in fields"])
def test_a_field_of_5_megabytes_costs_its_record(line_breaks: bool) -> None:
    content = b'id,name,amount\n1,a,2\n2,"' + b"x" * 5_000_000 + b'",3\n4,b,5\n'
    with within(seconds=2, megabytes=200):
        rows = rows_of(content, csv_source(line_breaks_in_fields=line_breaks))
    assert covers(rows, content)
    assert kinds(rows) == ["header", "record", "refused", "record"]
    assert "a record of 5,000,007 bytes, at most 1,048,576 are read" in rows[2]["_reason"]
    assert len(rows[2]["_raw"]) == 65_536


def test_a_quote_that_opens_a_file_of_a_million_lines_ends() -> None:
    content = b'id,name,amount\n"' + b"1,a,2\n" * 1_000_000
    with within(seconds=20, megabytes=700):
        found = [row for batch in scan_unit(content, csv_source(line_breaks_in_fields=True)) for row in batch["_kind"]]
    assert len(found) == 1_000_001


def test_every_second_line_of_a_large_file_may_be_broken() -> None:
    content = b"id,name,amount\n" + b"1,a,2\n1,\xff,2\n1,a\n" * 20_000
    with within(seconds=15, megabytes=500):
        found = [kind.as_py() for batch in scan_unit(content, csv_source()) for kind in batch["_kind"]]
    assert (found.count("record"), found.count("refused")) == (20_000, 40_000)


def test_nesting_without_end_costs_its_record() -> None:
    deep = b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b', "name": "a", "amount": 1}'
    content = b'{"orders": [' + deep + b', {"id": "1", "name": "a", "amount": 2}]}'
    with within(seconds=5, megabytes=200):
        rows = rows_of(content, source_of({"kind": "json", "records": "orders"}))
    assert kinds(rows) == ["header", "refused", "blank", "record", "footer"]
    assert "nested deeper than 64 levels" in rows[1]["_reason"]


@pytest.mark.parametrize(
    ("inside", "outcome"),
    [
        (b" " * 20_000_000, ["footer"]),
        (b"x" * 20_000_000, ["header", "refused", "footer"]),
        (b'"' + b"x" * 20_000_000, ["quarantined"]),
        (b"[" * 20_000_000, ["quarantined"]),
        (b"{}," * 50_000 + b"{}", ["header", *["quarantined", "blank"] * 50_000, "quarantined", "footer"]),
    ],
    ids=["blanks", "no value", "open string", "brackets", "many records of nothing"],
)
def test_a_document_of_nothing_ends_within_seconds(inside: bytes, outcome: list[str]) -> None:
    with within(seconds=20, megabytes=500):
        batches = list(scan_unit(b"[" + inside + b"]", source_of({"kind": "json"})))
    assert [kind.as_py() for batch in batches for kind in batch["_kind"]] == outcome


def test_damage_inside_the_packed_bytes_is_seen() -> None:
    content = bytearray(gzip.compress(VALID * 50))
    content[len(content) // 2] ^= 0xFF
    assert "the gzip data is damaged" in only(rows_of(bytes(content), GZIP))["_reason"]
