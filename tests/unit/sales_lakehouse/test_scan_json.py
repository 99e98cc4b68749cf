"""The strict reader of API pages: exact numbers, refused ambiguity, every byte accounted for."""

import json

import pytest

from sales_lakehouse.specs import Pipelines
from tests.rows import Row, covers, rows_of

ORDER = (
    '{"order_id": "540110", "version": 1, "status": "completed", "ordered_at": "2011-01-05T09:11:00", '
    '"updated_at": "2011-01-05T09:11:00Z", "customer_id": null, "country": "EIRE", "currency": "GBP", '
    '"lines": [{"line": 1, "sku": "22776", "unit_price": 12345678901234567.10}]}'
)


def scan_page(pipelines: Pipelines, *orders: str, tail: str = "") -> list[Row]:
    page = f'{{"orders": [{", ".join(orders)}], "page": 1, "total": {len(orders)}}}{tail}'
    return rows_of(page.encode(), pipelines.source("online_shop"))


def records(pieces: list[Row]) -> list[Row]:
    return [piece for piece in pieces if piece["_record_no"] is not None]


def test_numbers_keep_the_digits_they_were_sent_with(pipelines: Pipelines) -> None:
    (record,) = records(scan_page(pipelines, ORDER))
    lines = json.loads(record["lines"])
    assert lines == [{"line": "1", "sku": "22776", "unit_price": "12345678901234567.10"}]


def test_null_is_null_and_version_is_text(pipelines: Pipelines) -> None:
    (record,) = records(scan_page(pipelines, ORDER))
    values = record
    assert (values["customer_id"], values["version"]) == (None, "1")


def test_every_byte_is_in_exactly_one_piece_beyond_ascii(pipelines: Pipelines) -> None:
    orders = [ORDER.replace("EIRE", "ÉIRE £"), ORDER]
    page = f'{{"orders": [{", ".join(orders)}], "total": 2}}'.encode()
    assert covers(rows_of(page, pipelines.source("online_shop")), page)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (ORDER.replace('"version": 1', '"version": NaN'), "NaN is no JSON number"),
        (ORDER.replace('"version": 1', '"version": 1, "version": 2'), "the key 'version' stands twice"),
        (ORDER.replace('"currency": "GBP", ', ""), "field currency is missing"),
        ("17", "expected an object"),
    ],
    ids=["NaN", "duplicate key", "missing field", "no object"],
)
def test_an_ambiguous_record_is_refused_alone(pipelines: Pipelines, order: str, reason: str) -> None:
    first, second = records(scan_page(pipelines, order, ORDER))
    assert (first["_kind"], second["_kind"]) == ("refused", "record")
    assert reason in (first["_reason"] or "")


def test_an_added_field_is_kept_aside(pipelines: Pipelines) -> None:
    (record,) = records(scan_page(pipelines, ORDER.replace('"version": 1', '"version": 1, "channel": "app"')))
    assert record["_extra"] == '{"channel": "app"}'


@pytest.mark.parametrize(
    "content",
    [b"<html>busy</html>", b'{"orders": [', b'{"items": []}', b'{"orders": []} {}', b'{"orders": "\xff"}'],
    ids=["HTML", "cut body", "no list", "two documents", "not UTF-8"],
)
def test_a_page_that_is_no_document_is_set_aside_whole(pipelines: Pipelines, content: bytes) -> None:
    (piece,) = rows_of(content, pipelines.source("online_shop"))
    assert (piece["_kind"], piece["_byte_start"], piece["_byte_length"]) == ("quarantined", 0, len(content))
    assert "not one JSON object with a list 'orders'" in (piece["_reason"] or "")
