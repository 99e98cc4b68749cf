"""How a time is asked for and read back, in each way that APIs write times."""

from datetime import UTC, datetime

import pytest

from sales_lakehouse.rest.question import read_time, write_time
from sales_lakehouse.specs.rest import Changes, RestDelivery, Total

SUMMER = datetime(2011, 7, 1, 11, 0, 0, 250_000, tzinfo=UTC)


def changes(written: str, time_zone: str = "UTC") -> Changes:
    return Changes.model_validate(
        {"at": "updated_at", "parameter": "since", "written": written, "time_zone": time_zone, "overlap_seconds": 0}
    )


@pytest.mark.parametrize(
    ("written", "time_zone", "text"),
    [
        ("iso_zone", "UTC", "2011-07-01T11:00:00.250000Z"),
        ("iso", "UTC", "2011-07-01T11:00:00.250000"),
        ("iso", "Europe/London", "2011-07-01T12:00:00.250000"),
        ("epoch_seconds", "UTC", "1309518000"),
        ("epoch_milliseconds", "UTC", "1309518000250"),
    ],
)
def test_a_time_is_asked_for_as_the_api_writes_it(written: str, time_zone: str, text: str) -> None:
    assert write_time(SUMMER, changes(written, time_zone)) == text


@pytest.mark.parametrize(
    ("written", "time_zone", "told"),
    [
        ("iso_zone", "UTC", "2011-07-01T11:00:00.25Z"),
        ("iso_zone", "UTC", "2011-07-01T13:00:00.250+02:00"),
        ("iso", "Europe/London", "2011-07-01T12:00:00.250"),
        ("epoch_seconds", "UTC", "1309518000.25"),
        ("epoch_milliseconds", "UTC", 1309518000250),
    ],
)
def test_a_time_is_read_to_the_same_instant(written: str, time_zone: str, told: object) -> None:
    assert read_time(told, changes(written, time_zone)) == SUMMER


@pytest.mark.parametrize("written", ["iso_zone", "iso", "epoch_seconds", "epoch_milliseconds"])
@pytest.mark.parametrize("told", [None, "", "yesterday", "1e999", {"at": 1}])
def test_what_is_no_time_moves_no_watermark(written: str, told: object) -> None:
    assert read_time(told, changes(written)) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"changes": {"at": "t", "parameter": "s", "overlap_seconds": -1}}, "greater than or equal to 0"),
        (
            {"changes": {"at": "t", "parameter": "s", "overlap_seconds": 1, "time_zone": "Mars"}},
            "'Mars' is no time zone",
        ),
        ({"total": {}}, "exactly one of at, header"),
        ({"total": {"at": "total", "header": "X-Total"}}, "exactly one of at, header"),
        ({"paging": {"kind": "cursor", "at": "next"}}, "exactly one of parameter, field"),
        ({"paging": {"kind": "cursor", "parameter": "c"}}, "exactly one of at, header"),
        ({"paging": {"kind": "page", "first": 2}}, "0 or 1"),
        ({"auth": {"kind": "bearer", "token": "secret itself"}}, "valid dictionary or instance of SecretRef"),
        ({"path": "orders"}, "should match pattern"),
        ({"limits": {"attempts": 0}}, "greater than or equal to 1"),
        ({"allow": ["everything"]}, "'loopback', 'private', 'link_local' or 'plain_http'"),
    ],
)
def test_a_declaration_that_means_nothing_is_refused(said: dict[str, object], told: str) -> None:
    whole = {"kind": "rest", "connection": "shop", "path": "/orders", "id": "order_id"}
    RestDelivery.model_validate(whole)
    with pytest.raises(ValueError, match=told):
        RestDelivery.model_validate({**whole, **said})


def test_a_total_of_pages_or_header_is_a_declaration_too() -> None:
    assert Total(header="X-Total-Count", counts="pages").at is None
