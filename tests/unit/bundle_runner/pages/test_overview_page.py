"""The page over all runs: one line a run, chosen by job and day without a script."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from bundle_runner.pages import write_overview
from bundle_runner.states import ResultState
from tests.unit.bundle_runner.run_records import keep, run, task


def test_each_run_is_linked_and_says_what_failed_and_what_a_gate_found(tmp_path: Path) -> None:
    broken = {"table": "t", "rule": "r", "severity": "stop", "ok": False}
    failed = task("a<b", state=ResultState.FAILED, values={"gates": [broken]})
    keep(run(task("good", values={"records": 1234}), run_id="20110104T000000Z-aaaa"), tmp_path)
    keep(run(failed, run_id="20110105T000000Z-bbbb", state=ResultState.FAILED, books=("shop: 3 records",)), tmp_path)
    write_overview(tmp_path)
    second, first = re.findall(r'(?s)<tr class="run.*?</tr>', (tmp_path / "index.html").read_text())
    assert 'href="20110105T000000Z-bbbb/index.html">20110105T000000Z-bbbb</a>' in second
    assert "✗</span> FAILED" in second
    assert "<td>a&lt;b</td>" in second
    assert "0 of 1 rules hold" in second
    assert '<div class="bad">t: r stops</div>' in second
    assert "shop: 3 records" in second
    assert "good: 1,234" in first
    assert "a&lt;b" not in first


def test_every_job_and_every_day_can_be_chosen(tmp_path: Path) -> None:
    one = run(run_id="20110104T000000Z-aaaa", job="one", started_at="2011-01-04T00:00:00.000Z")
    for record in (one, replace(one, run_id="20110105T000000Z-bbbb", job="two"), run(run_id="20110106T000000Z-cccc")):
        keep(record, tmp_path)
    write_overview(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert re.findall(r'<option id="job-\d+">(\w+)', page) == ["main", "one", "two"]
    assert re.findall(r'<option id="day-\d+">([\d-]+)', page) == ["2011-01-05", "2011-01-04"]
    assert re.findall(r'<tr class="(run job-\d day-\d)"', page) == [
        "run job-0 day-0",
        "run job-2 day-1",
        "run job-1 day-1",
    ]
    assert "body:has(#job-2:checked) .run:not(.job-2)" in page


def test_an_empty_folder_has_a_page_too(tmp_path: Path) -> None:
    write_overview(tmp_path)
    assert "Nothing has run yet." in (tmp_path / "index.html").read_text()
