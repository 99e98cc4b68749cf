"""What sees a defect of the reader itself: a second counter, a second reader, and the spans."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sales_lakehouse.scan import csv_body, csv_unit, json_unit, ndjson_unit
from sales_lakehouse.scan.recount import recount_items, recount_lines, recount_records
from sales_lakehouse.scan.rows import Piece, pieces_batch, scan_schema
from sales_lakehouse.scan.scan import _drain
from sales_lakehouse.scan.spool import Spool
from sales_lakehouse.scan.totals import Totals
from sales_lakehouse.specs.formats import CsvFormat
from tests.partners import csv_source, source_of
from tests.rows import kinds, rows_of

DIALECT = CsvFormat(kind="csv")
BREAKS = CsvFormat(kind="csv", line_breaks_in_fields=True)
RECORDS = b'1,"a, ""b""",2\n3,"c\nd",4\n5,,6\n'
CONTENT = b"id,name,amount\n1,a,2\n3,b,4\n5,c,6\n"


def test_the_second_counter_agrees_on_what_is_there() -> None:
    assert recount_records(RECORDS, 3, 3, BREAKS) is None
    assert recount_lines(RECORDS, BREAKS) == 3
    assert recount_lines(RECORDS, DIALECT) == 4
    assert recount_lines(RECORDS[:-1], DIALECT) == 4
    assert recount_lines(b"", DIALECT) == 0


@pytest.mark.parametrize(
    ("records", "count"),
    [
        (RECORDS, 2),
        (RECORDS, 4),
        (RECORDS.replace(b"5,,6", b"5,6"), 3),
        (RECORDS.replace(b"2\n3", b"23"), 3),
        (RECORDS[:-1], 3),
        (b"1,2,3,4\n1,2\n", 2),
        (RECORDS.replace(b'"a', b"a"), 3),
    ],
    ids=["lost", "doubled", "a field less", "merged", "cut", "a delimiter moved", "a quote less"],
)
def test_the_second_counter_sees_what_the_scanner_would_have_got_wrong(records: bytes, count: int) -> None:
    said = recount_records(records, count, 3, BREAKS)
    assert said is not None
    assert f"the reader found {count} records of 3 fields, the second counter" in said


@pytest.mark.parametrize(
    ("items", "count"),
    [
        (b"[]", 0),
        (b"[ ]", 0),
        (b"[1]", 1),
        (b'[{"a": [1, 2], "b": "x, ]"}, {"c": "\\", "}, 3]', 3),
        (b'["\\\\", "\\\\\\"", ","]', 3),
    ],
    ids=["none", "blank", "one", "nested", "escapes"],
)
def test_items_are_counted_outside_of_strings_and_of_items(items: bytes, count: int) -> None:
    assert recount_items(items) == count


def _without_last(columns: list[pa.Array]) -> list[pa.Array]:
    return [column[:-1] for column in columns]


def _swapped(columns: list[pa.Array]) -> list[pa.Array]:
    return [columns[1], columns[0], *columns[2:]]


def _last_changed(columns: list[pa.Array]) -> list[pa.Array]:
    return [*columns[:2], pa.array([*columns[2].to_pylist()[:-1], "7"])]


def _null(columns: list[pa.Array]) -> list[pa.Array]:
    return [pa.array([None, *columns[0].to_pylist()[1:]]), *columns[1:]]


@pytest.mark.parametrize(
    ("bend", "reason"),
    [
        (_without_last, "3 records were found, 2 could be read"),
        (_swapped, "column id: two readers differ ('a' was read)"),
        (_last_changed, "the record at byte 27, column amount: two readers differ ('7' was read)"),
        (_null, "column id: two readers differ (None was read)"),
    ],
    ids=["row lost", "columns swapped", "value changed", "value lost"],
)
def test_a_reader_that_bends_values_sets_the_unit_aside(
    monkeypatch: pytest.MonkeyPatch, bend: Callable[[list[pa.Array]], list[pa.Array]], reason: str
) -> None:
    read = csv_unit.read_values
    monkeypatch.setattr(csv_unit, "read_values", lambda *about: bend(read(*about)))
    rows = rows_of(CONTENT, csv_source())
    assert kinds(rows)[1:] == ["quarantined"] * 3
    assert reason in rows[1]["_reason"]


def _merged(spans: Any) -> Any:
    starts, lengths = spans
    return np.delete(starts, 1), np.r_[lengths[0] + lengths[1], lengths[2:]]


def _one_lost(spans: Any) -> Any:
    return tuple(np.delete(numbers, 1) for numbers in spans)


def _one_twice(spans: Any) -> Any:
    return tuple(numbers[[0, 1, 1, 2]] for numbers in spans)


@pytest.mark.parametrize(
    ("bend", "reason"),
    [
        (_merged, "the reader found 2 records of 3 fields, the second counter 3 lines"),
        (_one_lost, "the reader found 3 lines, the second counter 4"),
        (_one_twice, "the reader found 5 lines, the second counter 4"),
    ],
    ids=["merged", "lost", "twice"],
)
@pytest.mark.parametrize("line_breaks", [False, True], ids=["one line a record", "line breaks in fields"])
def test_a_scanner_that_finds_other_records_sets_the_unit_aside(
    monkeypatch: pytest.MonkeyPatch, bend: Callable[[Any], Any], reason: str, line_breaks: bool
) -> None:
    spans = csv_body.Body._spans
    monkeypatch.setattr(csv_body.Body, "_spans", lambda self, runs: bend(spans(self, runs)))
    reasons = [
        row["_reason"] for row in rows_of(CONTENT, csv_source(line_breaks_in_fields=line_breaks)) if row["_reason"]
    ]
    assert reason in reasons[0]


def test_two_lines_of_objects_read_as_one_set_the_unit_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b'{"id": 1, "name": "a", "amount": 2}\n' * 2
    whole = Piece("record", 0, len(content), values={"id": "1"})
    monkeypatch.setattr(ndjson_unit.NdjsonUnit, "_pieces", lambda _: iter([whole]))
    (row,) = rows_of(content, source_of({"kind": "ndjson"}))
    assert "the reader found 1 line, the second counter 2" in row["_reason"]


@dataclass
class Gappy:
    """A reader of three bytes and two more, whose rows are given."""

    pieces: list[Piece]
    broken: str | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        yield from (pieces_batch([piece], scan_schema(csv_source())) for piece in self.pieces[:1])
        yield pieces_batch(self.pieces[1:], scan_schema(csv_source()))

    def raw(self, start: int, length: int) -> str:
        return f"{start}+{length}"

    def totals_differ(self, totals: Totals) -> str | None:
        return None if totals else "nothing was added up"


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ([(0, 3), (3, 1), (4, 1)], None),
        ([(0, 3), (4, 1)], "the rows from byte 3 on do not follow each other"),
        ([(0, 3), (3, 1), (3, 2)], "the rows from byte 3 on do not follow each other"),
        ([(1, 2), (3, 2)], "the rows from byte 0 on do not follow each other"),
        ([(0, 3), (3, 1)], "the rows end at byte 4 of 5"),
    ],
    ids=["whole", "a gap", "twice", "a late start", "an early end"],
)
def test_rows_that_do_not_cover_the_unit_are_seen(spans: list[tuple[int, int]], reason: str | None) -> None:
    unit, source = Gappy([Piece("record", *span) for span in spans]), csv_source()
    with ExitStack() as files:
        found = _drain(unit, Spool(scan_schema(source), files), Totals(source), 5)
    assert (found or "").startswith(reason or "")
    assert (found is None) == (reason is None)


def test_a_list_with_an_item_lost_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    items = json_unit.find_items

    def one_less(text: str, at: int) -> Any:
        spans, end = items(text, at)
        return spans[1:], end

    monkeypatch.setattr(json_unit, "find_items", one_less)
    good = '{"id": 1, "name": "a", "amount": 2}'
    rows = rows_of(f"[{good}, {good}]".encode(), source_of({"kind": "json"}))
    assert "the reader found 1 items, the second counter 2" in rows[1]["_reason"]


def test_spans_told_in_characters_set_the_document_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_unit, "_size", len)
    content = '[{"id": "é", "name": "a", "amount": 2}]'.encode()
    row = next(row for row in rows_of(content, source_of({"kind": "json"})) if row["_reason"])
    assert (row["_kind"], row["_reason"]) == ("quarantined", "the rows end at byte 39 of 40; a defect of the reader")
