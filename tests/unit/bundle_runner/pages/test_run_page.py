"""The page of a run: what an auditor asks first, in words that do not hang on colour."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bundle_runner.pages import write_run_page
from bundle_runner.record.records import RunRecord, TaskRecord
from bundle_runner.states import ResultState
from tests.unit.bundle_runner.run_records import attempt, run, task

BROKEN = {
    "table": "silver.sales",
    "rule": "customer_is_known",
    "severity": "stop",
    "ok": False,
    "detail": "2 rows break it",
    "examples": [{"order_id": "<b>7", "customer_id": "(masked)"}],
}
HOLDS = {"table": "silver.sales", "rule": "order_is_numbered", "severity": "error", "ok": True}
FAILED = run(
    task("bronze", values={"flow": [{"from": "shop", "to": "shop: kept", "count": 1200}]}),
    replace(
        task("gate", "bronze", state=ResultState.FAILED, values={"gates": [HOLDS, BROKEN]}),
        message="3 rows <script>",
        stopped=True,
    ),
    TaskRecord(
        "gold", "notebook", ResultState.UPSTREAM_FAILED, depends_on={"gate": None}, message="not run: gate FAILED"
    ),
    task(
        "report", "gold", values={"tables": [{"table": "gold.daily", "read": 3}, {"table": "ops.gates", "written": 0}]}
    ),
    state=ResultState.FAILED,
    exit_code=3,
    job_name="<b>main</b>",
    parameters={"day": "2011-01-05", "path": ""},
    books=("in 5 = out 5",),
)


def page_of(record: RunRecord, folder: Path) -> str:
    write_run_page(record, folder)
    return (folder / "index.html").read_text(encoding="utf-8")


class Words(HTMLParser):
    """Reads what a page says, without its marks."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def words(page: str) -> str:
    """Return the text of a page, with single blanks."""
    reader = Words()
    reader.feed(page)
    return " ".join(" ".join(reader.said).split())


def test_text_of_others_stays_text(tmp_path: Path) -> None:
    page = page_of(FAILED, tmp_path)
    assert "&lt;b&gt;main&lt;/b&gt;: " in page
    assert "3 rows &lt;script&gt;" in page
    assert "&lt;b&gt;7" in page
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_the_first_thing_said_is_what_failed_and_how_to_go_on(tmp_path: Path) -> None:
    said = words(page_of(FAILED, tmp_path))
    assert re.search(
        r"What failed gate: ✗ STOPPED on purpose 3 rows <script> gate, attempt 1 Then: lakehouse run main", said
    )
    assert "gold, attempt" not in said, "what hung on a failure has not failed by itself"


def elsewhere(runs: Path, *words: str) -> str:
    """Write commands as a bundle in another folder needs them."""
    return shlex.join(["lakehouse", *words, "--bundle", "x y", "--root", str(runs)])


def test_commands_on_a_page_mean_the_bundle_of_the_run(tmp_path: Path) -> None:
    told = replace(FAILED.tasks[1], message="mend it, then `lakehouse run main`; see `lakehouse quarantine list`")
    ours = replace(FAILED, tasks=(told,))
    write_run_page(ours, tmp_path, elsewhere, ["run", "main", "--params", "day=2011-01-05"])
    said = words((tmp_path / "index.html").read_text(encoding="utf-8"))
    options = f"--bundle 'x y' --root {tmp_path.parent}"
    assert f"then `lakehouse run main {options}`; see `lakehouse quarantine list`" in said
    assert f"Then: lakehouse run main --params day=2011-01-05 {options}" in said
    write_run_page(replace(ours, exit_code=1), tmp_path, elsewhere)
    said = words((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert f"Then: lakehouse repair {ours.run_id} {options}" in said


def test_a_canceled_run_is_not_said_to_have_failed(tmp_path: Path) -> None:
    canceled = run(task("load", state=ResultState.CANCELED), state=ResultState.CANCELED, exit_code=130)
    page = page_of(canceled, tmp_path)
    assert "What failed" not in page
    assert page.count("What was canceled") == 2


def test_a_page_says_what_a_failed_task_asks_to_do(tmp_path: Path) -> None:
    steps = ["which units: `lakehouse units list`", "or `lakehouse run 'open`"]
    failed = task("gate", state=ResultState.FAILED, values={"next": steps})
    said = words(page_of(run(failed, state=ResultState.FAILED, exit_code=3), tmp_path))
    assert " ".join(steps) in said


def test_broken_rules_come_first_with_their_examples(tmp_path: Path) -> None:
    said = words(page_of(FAILED, tmp_path))
    assert "gate: 1 of 2 rules hold" in said
    assert "1 rule that holds" in said
    assert said.index("✗ stops silver.sales customer_is_known") < said.index("✓ holds silver.sales order_is_numbered")
    assert "2 rows break it order_id <b>7 , customer_id (masked)" in said


def test_versions_read_and_written_are_told_by_table(tmp_path: Path) -> None:
    page = page_of(FAILED, tmp_path)
    told = words(page)
    assert "gold.daily 3 report ops.gates 0 report" in told
    assert re.search(r"gold.daily</th><td><div>.*</div></td><td></td>", page)
    assert re.search(r"ops.gates</th><td></td><td><div>.*</div></td>", page)


def test_the_graph_tells_states_by_sign_and_word(tmp_path: Path) -> None:
    page = page_of(FAILED, tmp_path)
    assert "bronze: SUCCESS. gate: FAILED, after bronze. gold: UPSTREAM_FAILED, after gate." in page
    assert re.search(r'class="f-bad"[^>]*>✗ FAILED', page)
    assert page.count('class="edge"') == 3


def test_parameters_books_and_evidence_are_there(tmp_path: Path) -> None:
    page = page_of(FAILED, tmp_path)
    assert '<th scope="row">day</th><td><code>2011-01-05</code>' in page
    assert '<th scope="row">path</th><td><span class="quiet">empty</span>' in page
    assert "<li>in 5 = out 5</li>" in page
    assert '<a href="tasks/bronze/attempt_1/bronze.html">bronze, attempt 1</a>' in page


ADDRESSES = {
    "a mark": ("a#b?.html", "a%23b%3F.html"),
    "a script": ("javascript:alert(1)", "javascript%3Aalert%281%29"),
    "a quote": ('a" onclick="x', "a%22%20onclick%3D%22x"),
    "a host": ("//example.com/x", ".//example.com/x"),
    "half a letter": ("a\ud800.html", "a%3F.html"),
}


@pytest.mark.parametrize(("path", "address"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_no_path_becomes_another_address(path: str, address: str, tmp_path: Path) -> None:
    page = page_of(run(replace(task("a"), attempts=(attempt(html=path),))), tmp_path)
    assert f'href="{address}"' in page


def test_what_cannot_be_seen_is_shown_and_what_has_no_end_is_cut(tmp_path: Path) -> None:
    record = run(parameters={"hidden": "a\u202eb\x00c\ud800", "long": "x" * 5000})
    page = page_of(record, tmp_path)
    assert "a⟨U+202E⟩b⟨U+0000⟩c⟨U+D800⟩" in page
    assert f"{'x' * 4000}… (5,000 characters)" in page


FOREIGN = {
    "no list": 7,
    "no mappings": ["a", None],
    "other fields": [{"x": 1}],
    "other types": [{"table": 1, "rule": [], "ok": "yes", "from": {}, "to": "b", "count": "3"}],
    "a circle": [{"from": "a", "to": "b", "count": 1}, {"from": "b", "to": "a", "count": 1}],
    "nothing": [],
}


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN.keys())
def test_values_of_another_shape_are_no_error(value: object, tmp_path: Path) -> None:
    page = page_of(run(task("a", values={"gates": value, "flow": value, "tables": value})), tmp_path)
    assert 'id="tasks"' in page
    assert 'class="band' not in page


def test_a_run_that_has_not_ended_says_so(tmp_path: Path) -> None:
    record = run(TaskRecord("a", "notebook"), state=None, ended_at=None, exit_code=None)
    said = words(page_of(record, tmp_path))
    assert "main: … UNFINISHED" in said
    assert "Nothing was started." in said
