"""Pages as people meet them: dark and light, narrow, on paper, by keyboard, read aloud."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from bundle_runner.pages import write_comparison, write_overview, write_page, write_run_page
from bundle_runner.record.compare import compare
from bundle_runner.record.records import RunRecord, TaskRecord
from bundle_runner.states import ResultState
from tests.browser.driver import Browser
from tests.unit.bundle_runner.run_records import attempt, keep, run, task

RULES = [
    {"table": "silver.sales", "rule": "order_is_numbered", "severity": "error", "ok": True},
    {"table": "silver.sales", "rule": "price_is_not_free", "severity": "warn", "ok": False, "detail": "12 rows"},
    {"table": "silver.sales", "rule": "key_is_unique", "severity": "stop", "ok": False, "examples": [{"k": "1"}]},
]
FLOW = [("shop", "shop: kept", 90), ("shop", "shop: refused", 10), ("shop: kept", "new", 89)]
CONTRAST = """
(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const part = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 };
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const paper = one => {
    for (; one; one = one.parentElement) {
      const found = parse(getComputedStyle(one).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = walker.nextNode());) {
    const one = text.parentElement;
    if (!text.data.trim() || ['title', 'desc', 'style'].includes(one.localName) || !one.getClientRects().length) continue;
    const style = getComputedStyle(one);
    const ink = parse(one.closest('svg') ? style.fill : style.color);
    const [a, b] = [light(ink), light(paper(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) weak.push(one.localName + '.' + one.className + ' ' + text.data.trim() + ' ' + ratio.toFixed(1));
  }
  return [document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT).nextNode() !== null, weak.slice(0, 5)];
})()
"""


def looked_at() -> RunRecord:
    """Return a run in which every state and every part of a page occurs."""
    values = {
        "gates": RULES,
        "flow": [{"from": a, "to": b, "count": n} for a, b, n in FLOW],
        "tables": [{"table": "silver.sales", "read": 3, "written": 4}],
        "records": 100,
    }
    tries = (
        attempt(1, "00:00:00", "00:00:09", state=ResultState.FAILED, html="a.html"),
        attempt(2, "00:00:20", "00:00:40"),
    )
    skipped = (ResultState.UPSTREAM_FAILED, ResultState.EXCLUDED, ResultState.DISABLED, ResultState.CANCELED)
    rest = [
        TaskRecord(
            f"T_{state}_OF_A_LONG_NAME", "notebook", state, depends_on={"gate": "true"}, run_if="AT_LEAST_ONE_SUCCESS"
        )
        for state in skipped
    ]
    gate = task(
        "gate", "load", start="00:00:40", end="00:01:10", state=ResultState.FAILED, values=values, message="It broke."
    )
    return run(
        replace(task("load", end="00:00:40"), attempts=tries),
        gate,
        *rest,
        TaskRecord("open", "notebook", depends_on={"gate": None}, started_at=gate.ended_at),
        state=ResultState.FAILED,
        exit_code=1,
        parameters={"day": "", "root": "/some/where"},
        books=("shop: 100 records",),
        warnings=("job main takes longer than 60 s",),
    )


A4 = 717
"""Pixels of a line on A4 between the margins of the browser."""
ESCAPED = """
[...document.querySelectorAll('svg')].flatMap(svg => [...svg.querySelectorAll('text')].filter(text => {
  const box = text.parentElement.querySelector(':scope > rect.box');
  const frame = (box || svg).getBoundingClientRect(), own = text.getBoundingClientRect();
  return own.left < frame.left || own.right > frame.right;
}).map(text => text.textContent))
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write one page of every kind."""
    runs = tmp_path_factory.mktemp("runs")
    record = looked_at()
    other = replace(
        record, run_id="20110106T000000Z-cd34", job="other", started_at="2011-01-06T00:00:00.000Z", tasks=()
    )
    for one in (record, other):
        write_run_page(one, keep(one, runs))
    write_overview(runs)
    failed = nbformat.v4.new_output("error", ename="Stop", evalue="no", traceback=["no"])
    code = [nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_code_cell("1 / 0", outputs=[failed])]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Day"), *code])
    nbformat.write(book, runs / "a.ipynb")
    write_page(runs / "a.ipynb", runs / "a.html")
    return {
        "run": runs / record.run_id / "index.html",
        "overview": runs / "index.html",
        "comparison": write_comparison(compare(other, record), runs),
        "notebook": runs / "a.html",
    }


KINDS = ["run", "overview", "comparison", "notebook"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Browser, pages: dict[str, Path], kind: str, scheme: str) -> None:
    browser.look(scheme)
    browser.open(pages[kind])
    assert browser.value(CONTRAST) == [True, []]
    ground = browser.value("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 28)"}[scheme]


@pytest.mark.parametrize("kind", KINDS)
def test_a_narrow_page_scrolls_only_down_and_what_is_wide_scrolls_by_key(
    browser: Browser, pages: dict[str, Path], kind: str
) -> None:
    browser.look(width=360)
    browser.open(pages[kind])
    assert browser.value("document.scrollingElement.scrollWidth") <= 360
    wide = "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1"
    wide += " && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX))"
    assert browser.value(f"{wide}.filter(e => e.tabIndex < 0 || !e.ariaLabel).length") == 0
    if kind == "run":
        assert browser.value(f"{wide}.length") > 2


@pytest.mark.parametrize("kind", ["run", "overview", "comparison"])
def test_a_page_read_aloud_has_its_landmarks_headings_and_names(
    browser: Browser, pages: dict[str, Path], kind: str
) -> None:
    browser.open(pages[kind])
    assert browser.value("document.documentElement.lang") == "en"
    assert browser.value("document.title.length") > 3
    assert browser.value("[document.querySelectorAll('main').length, document.querySelectorAll('h1').length]") == [1, 1]
    levels = browser.value("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.localName[1])")
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.value("[...document.querySelectorAll('th')].every(th => th.scope)")
    pictures = "[...document.querySelectorAll('svg')]"
    assert browser.value(f"{pictures}.length") == (3 if kind == "run" else 0)
    assert browser.value(f"{pictures}.every(s => s.ariaLabelledByElements.length == 2)")
    assert browser.value(
        "[...document.querySelectorAll('[id]')].length == new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size"
    )
    assert browser.value(
        "[...document.querySelectorAll('a[href^=\"#\"]')].every(a => document.getElementById(a.hash.slice(1)))"
    )


def test_no_text_of_a_picture_runs_out_of_its_box_or_the_picture(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["run"])
    assert browser.value("document.querySelectorAll('svg text').length") > 20
    assert browser.value(ESCAPED) == []


def test_the_code_of_a_notebook_is_folded_but_for_a_cell_that_failed(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["notebook"])
    assert browser.value("[...document.querySelectorAll('details.code')].map(d => [d.innerText.trim(), d.open])") == [
        ["code", False],
        ["code\n1 / 0", True],
    ]


def test_runs_are_chosen_by_job_and_day_without_a_script(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["overview"])
    shown = (
        "[...document.querySelectorAll('.run')].filter(r => r.getClientRects().length).map(r => r.cells[2].textContent)"
    )
    assert browser.value("document.scripts.length") == 0
    assert browser.value(shown) == ["other", "main"]
    browser.value("document.querySelector('[name=job]').value = 'main'")
    assert browser.value(shown) == ["main"]
    browser.value("document.querySelector('[name=day]').value = '2011-01-06'")
    assert browser.value(shown) == []
    browser.value("document.querySelector('[name=job]').value = 'all'")
    assert browser.value(shown) == ["other"]


def test_paper_has_no_navigation_and_a_white_ground(browser: Browser, pages: dict[str, Path]) -> None:
    browser.look("dark", medium="print")
    browser.open(pages["run"])
    assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.value(CONTRAST) == [True, []]
    assert len(browser.call("Page.printToPDF")["data"]) > 10_000
    browser.open(pages["overview"])
    assert browser.value("getComputedStyle(document.querySelector('.choose')).display") == "none"


DAY = {"business_date": "2011-01-04", "source": "euro_partner", "currency_code": "EUR", "order_count": 13}
DAY |= {"cancellation_count": 0, "line_count": 662, "quantity": 3539, "sales_amount": "1234567.8900"}
DAY |= {"cancelled_amount": "-1234567.8900", "net_amount": "1234567.8900"}


def test_paper_holds_the_last_column_of_a_notebooks_table(browser: Browser, tmp_path: Path) -> None:
    cells = "".join(f"<td>{value}</td>" for value in DAY.values())
    heads = "".join(f"<th>{name}</th>" for name in DAY)
    table = {"text/html": f"<table><thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"}
    output = nbformat.v4.new_output("execute_result", table, execution_count=1)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("daily", outputs=[output], execution_count=1)]),
        tmp_path / "day.ipynb",
    )
    write_page(tmp_path / "day.ipynb", tmp_path / "day.html")
    browser.look(width=A4, medium="print")
    browser.open(tmp_path / "day.html")
    right = "document.querySelector('td:last-child').getBoundingClientRect().right"
    assert 0 < browser.value(right) <= A4
    assert browser.value("getComputedStyle(document.querySelector('.output_subarea')).overflowX") == "visible"
    assert browser.value("[...document.querySelectorAll('.prompt')].every(p => !p.offsetWidth)")


def test_a_run_folder_works_from_wherever_it_is_copied_to(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    runs = pages["overview"].parent
    shutil.copytree(runs, tmp_path / "copy of # runs")
    browser.open(tmp_path / "copy of # runs" / "index.html")
    link = browser.value("document.querySelector('.run a').href")
    assert link.startswith((tmp_path / "copy of # runs").as_uri())
    assert (tmp_path / "copy of # runs" / Path(link).parent.name / "index.html").is_file()
