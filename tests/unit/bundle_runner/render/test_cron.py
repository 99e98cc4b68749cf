"""Quartz expressions in the cron of Airflow."""

from __future__ import annotations

import pytest

from bundle_runner.render.cron import Cron, to_cron

SAID = {
    "0 30 5 * * ?": "30 5 * * *",
    "0 0/5 * * * ?": "0-59/5 * * * *",
    "0 */15 8-17 ? * MON-FRI": "*/15 8-17 * * 1-5",
    "0 0 6 1,15 * ?": "0 6 1,15 * *",
    "0 0 6 ? JAN,JUL 2": "0 6 * 1,7 1",
    "0 0 6 ? * FRI-MON": "0 6 * * 0,1,5,6",
    "0 0 22-2 * * ?": "0 0,1,2,22,23 * * *",
    "0 0 6 ? NOV-FEB 1": "0 6 * 1,2,11,12 0",
    "0 0 6 L * ?": "0 6 L * *",
    "0 0 6 ? * 6L": "0 6 * * L5",
    "0 0 6 ? * SAT#2": "0 6 * * 6#2",
    "0 0 6 ? * L": "0 6 * * 6",
    "0 0 6 * * ? *": "0 6 * * *",
}


@pytest.mark.parametrize(("quartz", "cron"), SAID.items(), ids=SAID)
def test_what_cron_can_say_is_said_whole(quartz: str, cron: str) -> None:
    assert to_cron(quartz) == Cron(cron)


LOST = {
    "30 0 6 * * ?": ("0 6 * * *", "starts at second 0 instead of 30"),
    "0/20 * * * * ?": ("* * * * *", "starts once a minute, not by seconds 0/20"),
    "0 0 6 * * ? 2027": (None, "cron knows no year, and 0 0 6 * * ? 2027 names 2027"),
    "0 0 6 15W * ?": (None, "cron knows no nearest weekday"),
    "0 0 6 LW * ?": (None, "cron knows no nearest weekday"),
    "0 0 6 L-3 * ?": (None, "cron counts no days from the end of a month"),
    "5 4 * * *": (None, "has 5 fields, Quartz has six or seven"),
}


@pytest.mark.parametrize(("quartz", "cron", "words"), [(key, *row) for key, row in LOST.items()], ids=LOST)
def test_what_cron_cannot_say_is_told(quartz: str, cron: str | None, words: str) -> None:
    found = to_cron(quartz)
    assert found.expression == cron
    assert words in found.lost[0]
