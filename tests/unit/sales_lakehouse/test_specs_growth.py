"""Contracts may gain columns and wider types; what would lose a value is named."""

import pytest

from sales_lakehouse.specs.growth import Growth, compare_columns

PUBLISHED = {"day": "DATE", "pieces": "INT", "amount": "DECIMAL(12,2)", "_run_id": "STRING"}
CONTRACT = {"day": "DATE", "pieces": "INT", "amount": "DECIMAL(12,2)"}


def test_an_unchanged_contract_asks_for_nothing() -> None:
    assert compare_columns(PUBLISHED, CONTRACT) == Growth({}, {}, ())


def test_a_new_column_is_added() -> None:
    assert compare_columns(PUBLISHED, {**CONTRACT, "channel": "STRING"}) == Growth({"channel": "STRING"}, {}, ())


def test_a_table_that_was_never_published_refuses_nothing() -> None:
    assert compare_columns({}, CONTRACT).refused == ()


@pytest.mark.parametrize(
    ("column", "wide"),
    [
        ("pieces", "BIGINT"),
        ("pieces", "DECIMAL(10,0)"),
        ("pieces", "DECIMAL(14,4)"),
        ("amount", "DECIMAL(13,2)"),
        ("amount", "DECIMAL(14,4)"),
    ],
)
def test_a_wider_type_is_taken(column: str, wide: str) -> None:
    assert compare_columns(PUBLISHED, {**CONTRACT, column: wide}) == Growth({}, {column: wide}, ())


@pytest.mark.parametrize(
    ("column", "narrow"),
    [
        ("amount", "DECIMAL(11,2)"),
        ("amount", "DECIMAL(12,4)"),  # two digits fewer before the point
        ("amount", "DECIMAL(14,1)"),
        ("amount", "BIGINT"),
        ("pieces", "DECIMAL(9,0)"),
        ("pieces", "STRING"),
        ("day", "TIMESTAMP"),  # a date is no instant: which zone?
    ],
)
def test_a_type_that_would_not_hold_every_value_is_refused(column: str, narrow: str) -> None:
    growth = compare_columns(PUBLISHED, {**CONTRACT, column: narrow})
    assert growth == Growth({}, {}, (f"column {column} is {PUBLISHED[column]}, {narrow} would not hold it",))


def test_a_decimal_of_nineteen_digits_is_no_bigint() -> None:
    assert compare_columns({"n": "DECIMAL(19,0)"}, {"n": "BIGINT"}).refused
    assert compare_columns({"n": "BIGINT"}, {"n": "DECIMAL(19,0)"}).widened == {"n": "DECIMAL(19,0)"}


def test_a_column_that_goes_is_refused_but_lineage_is_no_part_of_a_contract() -> None:
    without = {name: kind for name, kind in CONTRACT.items() if name != "pieces"}
    assert compare_columns(PUBLISHED, without).refused == ("column pieces would be lost",)
