"""What becomes of a unit that is not as agreed: each kind of change has one outcome, in delimited text and in JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from sales_lakehouse.specs import SourceSpec
from tests.partners import csv_source, source_of
from tests.rows import Row, covers, kinds, rows_of

HEADER = "id,name,amount\n"
LINES = "1,a,2.50\n2,b,3.50\n"
OBJECTS = [{"id": "1", "name": "a", "amount": "2.50"}, {"id": "2", "name": "b", "amount": "3.50"}]
KEPT = ["record", "record"]
ASIDE = ["quarantined", "quarantined"]
REFUSED = ["refused", "record"]


def page(*objects: Mapping[str, Any] | str) -> bytes:
    texts = [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in objects]
    return f'{{"orders": [{", ".join(texts)}]}}'.encode()


def renamed(old: str, new: str) -> list[dict[str, Any]]:
    return [{new if name == old else name: value for name, value in item.items()} for item in OBJECTS]


@dataclass(frozen=True)
class Change:
    """A changed unit, and what its two records become."""

    content: bytes
    outcome: list[str]
    reason: str = ""


CSV_CHANGES = {
    "as agreed": Change((HEADER + LINES).encode(), KEPT),
    "column added": Change(b"id,name,amount,shop\n1,a,2.50,x\n2,b,3.50,y\n", KEPT),
    "columns reordered": Change(b"amount,id,name\n2.50,1,a\n3.50,2,b\n", KEPT),
    "column missing": Change(b"id,name\n1,a\n2,b\n", ASIDE, "column amount is missing; the header has 2 of 3"),
    "column renamed": Change(b"id,name,total\n1,a,2.50\n2,b,3.50\n", ASIDE, "column amount is missing"),
    "column in another case": Change(b"ID,name,amount\n1,a,2.50\n2,b,3.50\n", ASIDE, "did you mean 'ID' for id?"),
    "column with a blank": Change(b"id, name,amount\n1,a,2.50\n2,b,3.50\n", ASIDE, "did you mean ' name' for name?"),
    "column twice": Change(
        b"id,name,amount,name\n1,a,2.50,b\n2,b,3.50,c\n", ASIDE, "column name stands more than once"
    ),
    "no header": Change(
        b"0,z,1.50\n" + LINES.encode(), ASIDE, "the first line looks like a record: there is no header"
    ),
    "another delimiter": Change(
        (HEADER + LINES).replace(",", ";").encode(), ASIDE, "delimited by ';', another delimiter than declared"
    ),
    "another encoding": Change(
        "id,name,amount,Größe\n1,a,2.50,1\n2,b,3.50,1\n".encode("latin-1"), ASIDE, "another encoding than declared"
    ),
    "byte order mark": Change(b"\xef\xbb\xbf" + (HEADER + LINES).encode(), [*ASIDE[:1]], "declare encoding utf-8-sig"),
    "utf-16": Change((HEADER + LINES).encode("utf-16"), [*ASIDE[:1]], "begins with the byte order mark of UTF-16"),
    "another line end": Change(
        (HEADER + LINES).replace("\n", "\r\n").encode(), ASIDE, "ends with CRLF, not with LF as declared"
    ),
    "a field more in one line": Change(f"{HEADER}1,a,2.50,x\n2,b,3.50\n".encode(), REFUSED, "4 fields instead of 3"),
    "header again": Change((HEADER + LINES[:9] + HEADER).encode(), ["record", "refused"], "the header again"),
}
JSON_CHANGES = {
    "as agreed": Change(page(*OBJECTS), KEPT),
    "field added": Change(page(*({**item, "shop": "x"} for item in OBJECTS)), KEPT),
    "fields reordered": Change(page(*(dict(reversed(item.items())) for item in OBJECTS)), KEPT),
    "field missing in all": Change(page(*renamed("amount", "x")), ASIDE, "field amount is missing"),
    "field missing in one": Change(page({"id": "1", "name": "a"}, OBJECTS[1]), REFUSED, "field amount is missing"),
    "field renamed": Change(page(*renamed("amount", "amounts")), ASIDE, "did you mean 'amounts' for amount?"),
    "field in another case": Change(page(*renamed("id", "ID")), ASIDE, "did you mean 'ID' for id?"),
    "field with a blank": Change(page(*renamed("name", "name ")), ASIDE, "did you mean 'name ' for name?"),
    "field twice": Change(
        page('{"id": "1", "id": "2", "name": "a", "amount": "1"}', OBJECTS[1]), REFUSED, "the key 'id' stands twice"
    ),
    "no list": Change(b'{"items": [1, 2]}', [*ASIDE[:1]], "there is no key 'orders' among items"),
    "list renamed": Change(page().replace(b"orders", b"Orders"), [*ASIDE[:1]], "did you mean 'Orders' for orders?"),
    "one object": Change(b'{"orders": {"id": "1"}}', [*ASIDE[:1]], "expected '['"),
    "another encoding": Change(
        page({**OBJECTS[0], "name": "Öl"}, OBJECTS[1]).decode().encode("latin-1"), REFUSED, "utf-8"
    ),
    "byte order mark": Change(b"\xef\xbb\xbf" + page(*OBJECTS), [*ASIDE[:1]], "begins with a byte order mark"),
    "utf-16": Change(page(*OBJECTS).decode().encode("utf-16"), [*ASIDE[:1]], "not one JSON object with a list"),
    "lines of objects": Change(b"\n".join(page(o)[12:-2] for o in OBJECTS), [*ASIDE[:1]], "no key 'orders'"),
}


def judged(rows: list[Row]) -> list[str]:
    return [row["_kind"] for row in rows if row["_record_no"] is not None]


def reason_of(rows: list[Row]) -> str:
    return next((row["_reason"] for row in rows if row["_reason"]), "")


@pytest.mark.parametrize("change", CSV_CHANGES.values(), ids=CSV_CHANGES.keys())
def test_a_changed_file_has_a_fixed_outcome(change: Change) -> None:
    rows = rows_of(change.content, csv_source())
    assert covers(rows, change.content)
    # A file without its header has a line less that is a record: it was taken for the header.
    assert (judged(rows), change.reason in reason_of(rows)) == (change.outcome, True), reason_of(rows)


@pytest.mark.parametrize("change", JSON_CHANGES.values(), ids=JSON_CHANGES.keys())
def test_a_changed_page_has_a_fixed_outcome(change: Change) -> None:
    rows = rows_of(change.content, source_of({"kind": "json", "records": "orders"}))
    assert covers(rows, change.content)
    assert (judged(rows), change.reason in reason_of(rows)) == (change.outcome, True), reason_of(rows)


def test_an_added_column_is_kept_aside_by_name() -> None:
    rows = rows_of(CSV_CHANGES["column added"].content, csv_source())
    assert [row["_extra"] for row in rows[1:]] == ['{"shop": "x"}', '{"shop": "y"}']


def test_reordered_columns_are_read_by_their_names() -> None:
    rows = rows_of(CSV_CHANGES["columns reordered"].content, csv_source())
    assert [(row["id"], row["name"], row["amount"]) for row in rows[1:]] == [("1", "a", "2.50"), ("2", "b", "3.50")]


JSON_FORM = {"kind": "json", "records": "orders"}


@pytest.mark.parametrize(
    ("policy", "change", "outcome", "reason"),
    [
        ({"added": "quarantine"}, "column added", ASIDE, "column shop is new"),
        ({"reordered": "quarantine"}, "columns reordered", ASIDE, "stand in another order: amount, id, name"),
        ({"missing": "as_null"}, "column missing", KEPT, ""),
        ({"renamed": {"total": "amount"}}, "column renamed", KEPT, ""),
        ({"renamed": {"ID": "id"}}, "column in another case", KEPT, ""),
    ],
    ids=["added", "reordered", "missing", "renamed", "another case"],
)
def test_a_source_may_judge_a_changed_header_otherwise(
    policy: dict[str, Any], change: str, outcome: list[str], reason: str
) -> None:
    rows = rows_of(CSV_CHANGES[change].content, csv_source(on_change=policy))
    assert (judged(rows), reason in reason_of(rows)) == (outcome, True), reason_of(rows)
    if outcome == KEPT:
        assert rows[1]["amount"] == (None if change == "column missing" else "2.50")


@pytest.mark.parametrize(
    ("policy", "change", "outcome", "reason"),
    [
        ({"added": "quarantine"}, "field added", ASIDE, "field shop is new"),
        ({"missing": "as_null"}, "field missing in all", KEPT, ""),
        ({"renamed": {"amounts": "amount"}}, "field renamed", KEPT, ""),
    ],
    ids=["added", "missing", "renamed"],
)
def test_a_source_may_judge_changed_objects_otherwise(
    policy: dict[str, Any], change: str, outcome: list[str], reason: str
) -> None:
    rows = rows_of(JSON_CHANGES[change].content, source_of(JSON_FORM, on_change=policy))
    assert (judged(rows), reason in reason_of(rows)) == (outcome, True), reason_of(rows)


def test_a_field_under_its_old_and_its_agreed_name_is_ambiguous() -> None:
    content = page({**OBJECTS[0], "total": "9.99"}, OBJECTS[1])
    rows = rows_of(content, source_of(JSON_FORM, on_change={"renamed": {"total": "amount"}}))
    assert (judged(rows), "under an old and the agreed name" in reason_of(rows)) == (REFUSED, True)
    content = b"id,name,amount,total\n1,a,2.50,9.99\n2,b,3.50,1\n"
    rows = rows_of(content, csv_source(on_change={"renamed": {"total": "amount"}}))
    assert (judged(rows), "stands more than once" in reason_of(rows)) == (ASIDE, True)


def test_a_header_without_any_agreed_column_is_never_null_altogether() -> None:
    rows = rows_of(b"x,y,z\n1,2,3\n", csv_source(on_change={"missing": "as_null"}))
    assert kinds(rows) == ["header", "quarantined"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("on_change", {"renamed": {"total": "sum"}}, "names sum, not an agreed column"),
        ("on_change", {"renamed": {"id": "name"}}, "are agreed names themselves"),
        ("columns", ["id", "ID"], "columns id, ID: each name may stand once"),
        ("columns", ["id", "_kind"], "columns _kind: each name may stand once"),
    ],
    ids=["alias of nothing", "alias of itself", "case", "lineage"],
)
def test_names_that_clash_are_no_declaration(field: str, value: Any, said: str) -> None:
    source = csv_source().model_dump(by_alias=True)
    with pytest.raises(ValueError, match=said):
        SourceSpec.model_validate({**source, field: value})


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"delimiter": "::"}, "expected one ASCII character"),
        ({"delimiter": "§"}, "expected one ASCII character"),
        ({"quote": ","}, "delimiter and quote are both"),
        ({"encoding": "klingon"}, "is no encoding that Python knows"),
        ({"encoding": "utf-7"}, "cannot be read line by line"),
        ({"encoding": "base64"}, "cannot be read line by line"),
        ({"quote": None, "line_breaks_in_fields": True}, "only a quoted field can hold a line break"),
        ({"footer": {"marker": "T", "records": 1, "amount": 2}}, "name the columns that make a record's amount"),
        ({"amount_of": ["price"]}, "names price, not an agreed column"),
    ],
    ids=["long", "beyond ASCII", "clash", "encoding", "stateful", "no text", "breaks", "amount", "amount of nothing"],
)
def test_a_dialect_that_cannot_be_read_is_no_declaration(form: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        csv_source(**form)
