"""What a run may know of why it was started."""

from __future__ import annotations

from bundle_runner.occasion import BY_HAND, Occasion
from bundle_runner.references import resolve


def test_a_run_by_hand_has_a_type_and_no_time() -> None:
    assert BY_HAND.trigger_facts == {"type": "one_time"}
    assert BY_HAND.backfill_facts == {}


def test_the_time_of_a_trigger_is_rounded_down_to_the_minute() -> None:
    facts = {"job": {"trigger": Occasion("periodic", at="2026-03-02T13:05:59.900Z").trigger_facts}}
    assert resolve("{{job.trigger.time.iso_datetime}}", facts) == "2026-03-02T13:05:00.000Z"


def test_the_place_of_an_arrival_is_told() -> None:
    facts = {"job": {"trigger": Occasion("file_arrival", location="/in").trigger_facts}}
    assert resolve("{{job.trigger.file_arrival.location}}", facts) == "/in"


def test_the_date_of_a_backfill_is_told_in_all_forms() -> None:
    facts = Occasion(backfill="b", backfill_at="2011-01-04T00:00:00.000Z").backfill_facts
    text = "{{backfill.iso_date}} {{backfill.iso_datetime}} {{backfill.iso_weekday}} {{backfill.timestamp_ms}}"
    assert resolve(text, facts) == "2011-01-04 2011-01-04T00:00:00.000Z 2 1294099200000"
