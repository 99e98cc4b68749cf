"""How long a server wants us to wait: seconds, decimals, dates by its own clock; nothing where it says rubbish."""

import pytest

from sales_lakehouse.rest.waits import asked_wait

NOON = "Wed, 05 Jan 2011 12:00:00 GMT"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7),
        ("0.25", 0.25),
        (" 3 ", 3),
        ("Wed, 05 Jan 2011 12:00:30 GMT", 30),
        ("Wednesday, 05-Jan-11 12:00:30 GMT", 30),
        ("Wed, 05 Jan 2011 11:00:00 GMT", 0),
        ("31536000", 31536000),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("1e3", None),
        ("9" * 400, None),
    ],
)
def test_retry_after_is_read_in_each_of_its_forms(told: str, seconds: float | None) -> None:
    assert asked_wait({"retry-after": told, "date": NOON}) == seconds


def test_a_missing_header_asks_for_nothing() -> None:
    assert asked_wait({}) is None


def test_a_date_without_a_server_clock_is_held_against_ours() -> None:
    assert asked_wait({"retry-after": NOON}) == 0
