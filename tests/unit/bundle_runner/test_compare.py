"""Two runs side by side, as figures and as a page."""

from __future__ import annotations

import re
from pathlib import Path

from bundle_runner.pages import write_comparison
from bundle_runner.record.compare import Change, compare
from bundle_runner.states import ResultState
from tests.unit.bundle_runner.run_records import run, task

HOLDS = {"table": "t", "rule": "r", "severity": "stop", "ok": True}
BROKEN = {**HOLDS, "ok": False, "detail": "2 <b>rows</b> break it"}


def values(count: int, version: int, rule: dict[str, object]) -> dict[str, object]:
    return {
        "records": count,
        "gates": [rule],
        "flow": [{"from": "shop", "to": "kept", "count": count}],
        "tables": [{"table": "silver.t", "read": 1, "written": version}],
    }


BEFORE = run(task("a", values=values(1000, 4, HOLDS)), task("gone"), parameters={"day": "1"}, run_id="A")
AFTER = run(
    task("a", state=ResultState.FAILED, end="00:00:05", values=values(1234, 4, BROKEN)),
    task("new"),
    parameters={"day": "2", "more": ""},
    run_id="B",
    state=ResultState.FAILED,
)


def test_every_figure_of_either_run_is_held_against_the_other() -> None:
    both = compare(BEFORE, AFTER)
    assert [*both.changes] == [
        ("parameters", Change("day", "1", "2")),
        ("parameters", Change("more", None, "")),
        ("states", Change("the run", "SUCCESS", "FAILED")),
        ("states", Change("a", "SUCCESS", "FAILED")),
        ("states", Change("gone", "SUCCESS", None)),
        ("states", Change("new", None, "SUCCESS")),
        ("records", Change("a", 1000, 1234)),
        ("rules", Change("t: r", "holds", "2 <b>rows</b> break it")),
        ("flow", Change("shop → kept", 1000, 1234)),
        ("attempts", Change("gone", 1, None)),
        ("attempts", Change("new", None, 1)),
    ]
    assert Change("a", 2.0, 5.0) in both.parts["seconds"]
    assert both.parts["tables"] == (Change("silver.t", 4, 4),)
    assert [*compare(BEFORE, BEFORE).changes] == []


def test_the_page_tells_changes_in_words_and_by_how_much(tmp_path: Path) -> None:
    path = write_comparison(compare(BEFORE, AFTER), tmp_path)
    assert path.name == "compare_A_B.html"
    page = path.read_text()
    assert "11 figures changed" in page
    assert re.search(r">a</th><td>1,000</td><td>1,234</td><td>.*≠</span> changed</span> \+234</td>", page)
    assert re.search(r">silver.t</th><td>4</td><td>4</td><td><span class=\"quiet\">same", page)
    assert "2 &lt;b&gt;rows&lt;/b&gt; break it" in page
    assert 'href="A/index.html"' in page
