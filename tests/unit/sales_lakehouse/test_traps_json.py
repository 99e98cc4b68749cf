"""What other readers of JSON get wrong without a word: each case with its real bytes."""

import json

import pytest

from sales_lakehouse.scan.broken import Refusal
from sales_lakehouse.scan.json_text import skip_value
from sales_lakehouse.specs import SourceSpec
from tests.partners import source_of
from tests.rows import Row, covers, kinds, rows_of

LINES = source_of({"kind": "ndjson"})
LIST = source_of({"kind": "json"})
PATH = source_of({"kind": "json", "records": "data.orders"})
GOOD = '{"id": "1", "name": "a", "amount": 2.50}'


def line(text: str | bytes) -> Row:
    """Read one line that stands between two good ones, which must be kept whatever it holds."""
    content = GOOD.encode() + b"\n" + (text if isinstance(text, bytes) else text.encode()) + b"\n" + GOOD.encode()
    rows = rows_of(content, LINES)
    assert covers(rows, content)
    assert [kinds(rows)[0], kinds(rows)[-1], len(rows)] == ["record", "record", 3]
    return rows[1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD + GOOD, "Extra data"),
        (GOOD + " and more", "Extra data"),
        (GOOD.replace('"name"', '"id"'), "the key 'id' stands twice in one object"),
        (GOOD.replace("2.50", '[{"x": 1, "x": 1}]'), "the key 'x' stands twice in one object"),
        (GOOD.replace("2.50", "NaN"), "NaN is no JSON number"),
        (GOOD.replace("2.50", "-Infinity"), "-Infinity is no JSON number"),
        (GOOD.replace("2.50", "01"), "it is no JSON"),
        (GOOD.replace("2.50", "'x'"), "it is no JSON"),
        (GOOD.replace('"a"', '"\\ud800"'), "half of a surrogate pair"),
        (GOOD.replace('"a"', '"\\u0000"'), "a NUL character inside a string"),
        (GOOD.replace('"a"', '"\0"'), "it is no JSON"),
        (GOOD.replace('"a"', '"\x01"'), "it is no JSON"),
        (GOOD.replace("2.50", "[" * 64 + "]" * 64), "nested deeper than 64 levels"),
        (GOOD.replace('"id"', '"ID"'), "field id is missing; did you mean 'ID' for id?"),
        (GOOD[:-1], "it is no JSON"),
        (f"[{GOOD}]", "expected an object, got list"),
        ("\ufeff" + GOOD, "it begins with a byte order mark"),
        (GOOD.encode().replace(b"a", b"\xff", 1).replace(b'"\xff"', b'"\xff"'), "not decodable in utf-8"),
        (GOOD.replace('"a"', f'"{"x" * 2_000_000}"'), "at most 1,048,576 are read"),
    ],
    ids=[
        "two objects",
        "text after it",
        "duplicate key",
        "duplicate key below",
        "NaN",
        "infinity",
        "leading zero",
        "single quotes",
        "half a surrogate pair",
        "NUL escaped",
        "NUL",
        "control character",
        "too deep",
        "key in another case",
        "cut",
        "list",
        "byte order mark",
        "not UTF-8",
        "too long",
    ],
)
def test_a_line_with_a_second_meaning_costs_itself(text: str | bytes, reason: str) -> None:
    row = line(text)
    assert row["_kind"] == "refused"
    assert reason in row["_reason"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12345678901234567890123", "12345678901234567890123"),
        ("12345678901234.10", "12345678901234.10"),
        ("1E400", "1E400"),
        ("-0", "-0"),
        ("1.10", "1.10"),
        ("true", "true"),
        ("null", None),
        ('""', ""),
        ('"null"', "null"),
        ('[1.10, {"x": null, "y": false}]', '["1.10", {"x": null, "y": "false"}]'),
        ('"\\ud83d\\ude00 \\\\u0000"', "😀 \\u0000"),
    ],
)
def test_a_value_keeps_what_it_was_written_with(written: str, read: str | None) -> None:
    assert line(GOOD.replace("2.50", written))["amount"] == read


def test_sixty_four_levels_are_read() -> None:
    assert line(GOOD.replace("2.50", "[" * 63 + "]" * 63))["_kind"] == "record"


def test_an_empty_line_is_blank_and_a_line_end_of_windows_is_no_text() -> None:
    rows = rows_of(f"{GOOD}\r\n\r\n{GOOD}\r\n".encode(), LINES)
    assert kinds(rows) == ["record", "blank", "record"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "the file is empty"), (b"\xef\xbb\xbf" + GOOD.encode(), "byte order mark")],
    ids=["empty", "byte order mark"],
)
def test_lines_that_break_their_contract_are_set_aside(content: bytes, reason: str) -> None:
    (row,) = rows_of(content, LINES)
    assert row["_kind"] == "quarantined"
    assert reason in row["_reason"]


@pytest.mark.parametrize(
    ("source", "content"),
    [
        (LIST, f" [{GOOD}, {GOOD} ]\n"),
        (PATH, f'{{"page": 1, "data": {{"n": [3], "orders": [{GOOD} ,{GOOD}]}}, "more": {{"orders": []}}}}'),
        (source_of({"kind": "json", "records": "é"}), f'{{"é": [{GOOD},\n{GOOD}]}}'),
    ],
    ids=["bare list", "path", "beyond ASCII"],
)
def test_a_list_is_found_where_it_is_declared(source: SourceSpec, content: str) -> None:
    rows = rows_of(content.encode(), source)
    assert covers(rows, content.encode())
    assert kinds(rows) == ["header", "record", "blank", "record", "footer"]
    assert rows[1]["bytes"] == GOOD.encode()


@pytest.mark.parametrize(
    "broken",
    [
        '{"id": 1, "id": 2}',
        '{"id": NaN, "name": "a", "amount": 1}',
        "{'id': 1}",
        '{"id": 1, "name": "\\x", "amount": 1}',
        '{"id" 1}',
        "17",
        "[1, [2, 3]]",
        '"a, ] text"',
        '{"id": "\udcff", "name": "a", "amount": 1}',
    ],
    ids=["twice", "NaN", "quotes", "escape", "no colon", "number", "list", "text", "not UTF-8"],
)
def test_a_broken_record_costs_itself_while_the_document_holds(broken: str) -> None:
    content = f'{{"data": {{"orders": [{GOOD}, {broken} , {GOOD}]}}}}'.encode("utf-8", errors="surrogateescape")
    rows = rows_of(content, PATH)
    assert covers(rows, content)
    assert [kind for kind in kinds(rows) if kind != "blank"] == ["header", "record", "refused", "record", "footer"]
    assert next(row["bytes"] for row in rows if row["_kind"] == "refused") == broken.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    "content",
    [
        f'{{"data": {{"orders": [{GOOD}, {{"id": 1]}}}}',
        f'{{"data": {{"orders": [{GOOD}]}}',
        f'{{"data": {{"orders": [{GOOD}]}}}} {{"data": 1}}',
        f'{{"data": {{"orders": [{GOOD}]}}}} more',
        f'{{"data": {{"orders": [{GOOD}]}}, "data": 1}}',
        f'{{"data": {{"orders": [{GOOD}], "orders": []}}}}',
        f'{{"data": {{"orders": [{GOOD}], "n": NaN}}}}',
        f'{{"data": {{"orders": [{GOOD},]}}}}',
        f'{{"data": {{"orders": [{GOOD} {GOOD}]}}}}',
        f'{{"data": [{GOOD}]}}',
        '{"data": {"orders": ' + "[" * 200_000,
        "",
    ],
    ids=[
        "bracket",
        "cut",
        "two documents",
        "text after it",
        "key twice",
        "list twice",
        "NaN around",
        "comma",
        "no comma",
        "no path",
        "deep",
        "empty",
    ],
)
def test_a_document_that_does_not_hold_together_gives_no_record(content: str) -> None:
    rows = rows_of(content.encode(), PATH)
    assert covers(rows, content.encode())
    assert "record" not in kinds(rows), json.dumps(kinds(rows))
    assert {"quarantined", "refused"} & {*kinds(rows)}


@pytest.mark.parametrize(
    ("source", "content", "reason"),
    [
        (LIST, f"[{GOOD}] more", "text around the list"),
        (LIST, f"[{GOOD}][{GOOD}]", "text around the list"),
        (LIST, f"\udcff[{GOOD}]", "expected '['"),
        (LIST, f'{{"data": [{GOOD}]}}', "expected '['"),
        (PATH, f'{{"page": "\udcff", "data": {{"orders": [{GOOD}]}}}}', "it is not UTF-8"),
    ],
    ids=["text after it", "two lists", "not UTF-8 before it", "object", "not UTF-8 around it"],
)
def test_what_stands_around_the_list_must_be_read_too(source: SourceSpec, content: str, reason: str) -> None:
    (row,) = rows_of(content.encode("utf-8", errors="surrogateescape"), source)
    assert row["_kind"] == "quarantined"
    assert reason in row["_reason"]


def test_a_document_beyond_its_bound_is_set_aside() -> None:
    source = source_of({"kind": "json", "max_document_bytes": 30})
    (row,) = rows_of(f"[{GOOD}]".encode(), source)
    assert "a document of 42 bytes, at most 30 are read" in row["_reason"]


def test_a_count_that_the_partner_states_holds_for_json_too() -> None:
    content = f"[{GOOD}]".encode()
    assert rows_of(content, LIST, {"records": "1"})[1]["_kind"] == "record"
    assert "the partner states 2 records, 1 record was found" in rows_of(content, LIST, {"records": "2"})[1]["_reason"]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("x, 1]", 1),
        ("x]", 1),
        ("x}", 1),
        ('{"a" 1}, 2]', 7),
        ("[[x], [y]]]", 10),
        ('"a, ]" x, 2]', 8),
        ('[","], 1]', 5),
        ('["\\"]", {"b": ]}]]', 16),
        ("[1 2] 3]", 7),
    ],
)
def test_a_broken_value_ends_where_its_structure_does(text: str, end: int) -> None:
    assert skip_value(text, 0) == end


@pytest.mark.parametrize("text", ["", "x", '"a]', "[1, 2", '["a]'])
def test_a_broken_value_without_an_end_breaks_the_document(text: str) -> None:
    with pytest.raises(Refusal, match=r"the text ends inside a value|is not closed"):
        skip_value(text, 0)
