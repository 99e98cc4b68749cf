"""Counts and places are said the same everywhere."""

import codecs
import re

import pytest

from sales_lakehouse.wording import byte_span, counted, encoding_name


@pytest.mark.parametrize(
    ("count", "noun", "verb", "told"),
    [
        (0, "record", "stand", "0 records stand"),
        (1, "record", "stand", "1 record stands"),
        (2, "record", "stand", "2 records stand"),
        (1, "delivery", "are", "1 delivery is"),
        (1200, "delivery", "are", "1,200 deliveries are"),
        (3, "day", "", "3 days"),
        (1, "row", "match", "1 row matches"),
        (2, "batch", "", "2 batches"),
    ],
)
def test_a_count_agrees_with_its_noun_and_verb(count: int, noun: str, verb: str, told: str) -> None:
    assert counted(count, noun, verb) == told


@pytest.mark.parametrize(("start", "length", "told"), [(0, 10, "bytes 0-9"), (12, 46, "bytes 12-57"), (7, 1, "byte 7")])
def test_a_span_names_its_first_and_its_last_byte(start: int, length: int, told: str) -> None:
    content = bytes(range(256))
    assert byte_span(start, length) == told
    first, last = (int(re.findall(r"\d+", told)[place]) for place in (0, -1))
    assert content[first : last + 1] == content[start : start + length]


@pytest.mark.parametrize("name", ["windows-1252", "windows-1250", "utf-8", "iso-8859-15"])
def test_an_encoding_has_the_name_by_which_it_is_declared(name: str) -> None:
    assert encoding_name(codecs.lookup(name).name) == name
