"""The way of the records: whatever happened, the places sum up to what arrived."""

from __future__ import annotations

from decimal import Decimal

from sales_lakehouse.ledger.flow import count_flow
from sales_lakehouse.ledger.notes import Balance, Books, UnitNote

NO_BOOKS = Books([], [], frozenset(), frozenset())


def unit(unit_id: str, kept: int, refused: int = 0, quarantined: int = 0) -> UnitNote:
    found = kept + refused + quarantined
    about = (unit_id, "gift_partner", f"{unit_id}.csv", "2011-01-04T05:00:00+00:00", "2011-01-04", 9, None)
    return UnitNote(*about, found, kept, refused, quarantined, 9, None, "recorded", "run")


def balance(unit_id: str, disposition: str, records: int) -> Balance:
    return Balance(unit_id, "gift_partner", disposition, "GBP", records, records, Decimal(1), 0, "run")


def test_every_record_that_arrived_is_in_one_place() -> None:
    units = [unit("applied", 7, refused=1), unit("stopped", 5), unit("new", 3), unit("broken", 0, quarantined=4)]
    judged = [balance("applied", "accepted_new", 6), balance("applied", "quarantined", 1), balance("stopped", "x", 5)]
    flow = count_flow(Books(units, judged, frozenset({("gift_partner", "applied")}), frozenset()))
    assert flow == {
        "arrived": 20,
        "accepted_new": 6,
        "quarantined": 1,
        "waits for a gate": 5,
        "not judged yet": 3,
        "refused": 1,
        "quarantined with their unit": 4,
    }
    assert sum(flow.values()) == 2 * flow["arrived"]


def test_before_the_first_delivery_nothing_has_arrived() -> None:
    assert count_flow(NO_BOOKS) == {"arrived": 0}
