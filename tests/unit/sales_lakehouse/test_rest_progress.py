"""How far a reading is: told while it runs, seldom enough for a notebook that keeps every line."""

import pytest

from sales_lakehouse.rest import Progress, ProgressPrinter


def test_a_fast_reading_is_not_told_page_by_page(capsys: pytest.CaptureFixture[str]) -> None:
    tell = ProgressPrinter()
    for page in range(1, 1000):
        tell(Progress("online_shop", pages=page, records=page * 100, total=99_900))
    assert capsys.readouterr().out == ""


def test_a_slow_reading_is_told_every_few_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 100, 2))
    monkeypatch.setattr("sales_lakehouse.rest.progress.time.monotonic", lambda: next(clock))
    tell = ProgressPrinter()
    for page in range(1, 7):
        tell(Progress("online_shop", walk=2, pages=page, records=page, total=6))
    told = capsys.readouterr().out.splitlines()
    assert told == ["online_shop: 3 pages, 3 of 6 records, walk 2", "online_shop: 6 pages, 6 of 6 records, walk 2"]


def test_a_long_wait_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    tell = ProgressPrinter()
    for seconds in (0.2, 30, 0):
        tell(Progress("online_shop", waiting=seconds))
    assert capsys.readouterr().out == "online_shop: 0 pages, 0 records, waits 30.0 s as the API asks\n"
