"""What others named so is shown as it is named: nothing of it lives, and no page asks for anything."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from bundle_runner.pages import write_comparison, write_overview, write_page, write_run_page
from bundle_runner.pages.frame import visible
from bundle_runner.record.compare import compare
from bundle_runner.record.records import RunRecord
from bundle_runner.states import ResultState
from tests.browser.driver import Browser
from tests.browser.naughty import NAUGHTY, PAYLOADS, payloads
from tests.unit.bundle_runner.run_records import attempt, keep, run, task

Asked = list[str]
# What a page of ours consists of; a notebook's also has headings and pictures that stand in it as data.
SHAPES = [
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "a",
    "header",
    "nav",
    "h1",
    "h2",
    "h3",
    "ul",
    "li",
    "main",
    "dl",
    "dt",
    "dd",
    "time",
    "p",
    "span",
    "div",
    "section",
]
SHAPES += [
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "kbd",
    "details",
    "summary",
    "select",
    "option",
    "label",
    "svg",
    "desc",
    "defs",
]
SHAPES += ["marker", "path", "g", "rect", "text", "tspan", "line"]
OF_NOTEBOOKS = [
    "pre",
    "b",
    "i",
    "em",
    "strong",
    "br",
    "hr",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "ol",
    "del",
    "s",
    "img",
    "tfoot",
    "small",
    "sub",
    "sup",
    "abbr",
]
LIVE = """
(() => {
  const found = [];
  const allowed = value => PLACES.some(place => new URL(value, document.baseURI).href.startsWith(place));
  for (const one of document.querySelectorAll('*')) {
    if (!SHAPES.includes(one.localName)) found.push(one.localName);
    for (const {name, value} of one.attributes) {
      if (/^on|^style$|action$|^srcdoc$|^srcset$/i.test(name)) found.push(name);
      if (/href$|^src$|^data$/i.test(name) && !allowed(value)) found.push(name + ' ' + value);
    }
    for (const event of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart', 'pointerenter'])
      one.dispatchEvent(new Event(event));
  }
  if (window.hit) found.push('a script ran');
  return found.slice(0, 9);
})()
"""


@pytest.fixture
def trap() -> Iterator[tuple[str, Asked]]:
    """Listen on loopback, and note every path that is asked for."""
    asked: Asked = []

    class Note(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Note)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_the_texts_are_as_many_as_they_say() -> None:
    assert (len({*NAUGHTY}), len({*PAYLOADS})) == (500, 50)


def live(browser: Browser, shapes: list[str], places: list[str]) -> list[str]:
    """Return what lives in the page that is open, or leads elsewhere than to these places."""
    return list(browser.value(LIVE.replace("SHAPES", str(shapes)).replace("PLACES", str(places))))


def hostile_run(texts: list[str]) -> RunRecord:
    """Return a run in which products, customers, files, tables, tasks and parameters have these names."""
    rows = [{"product_name": text, "customer_id": text} for text in texts]
    broken = {"table": "t", "rule": "r", "severity": "stop", "ok": False, "detail": "broken", "examples": rows}
    named = [{"table": text, "rule": text, "severity": text, "ok": False, "detail": text} for text in texts]
    flow = [{"from": text, "to": "kept", "count": 1} for text in texts]
    tables = [{"table": text, "read": 1, "written": 2} for text in texts]
    loop = tuple(replace(task(f"land[{text}]", message=text), attempts=(attempt(html=text),)) for text in texts)
    values = {"gates": [broken, *named], "flow": flow, "tables": tables}
    return run(
        task("gate", state=ResultState.FAILED, message=texts[0], values=values),
        task("loop", "gate", iterations=loop, state=ResultState.FAILED),
        job=texts[-1],
        job_name=texts[-2],
        bundle=texts[-3],
        state=ResultState.FAILED,
        parameters={text: text for text in texts},
        books=tuple(texts),
        warnings=tuple(texts[:9]),
    )


def without_policy(page: Path) -> None:
    """Take the policy out: what is inert must be so by itself, the policy is a second wall."""
    content, count = re.subn(r"<meta http-equiv=.Content-Security-Policy.*?>", "", page.read_text())
    assert count == 1
    page.write_text(content)


def test_pages_of_a_run_show_every_name_and_run_none(browser: Browser, trap: tuple[str, Asked], tmp_path: Path) -> None:
    address, asked = trap
    texts = [*NAUGHTY, *payloads(address)]
    record = hostile_run(texts)
    folder = keep(record, tmp_path)
    write_run_page(record, folder)
    write_overview(tmp_path)
    pages = [folder / "index.html", tmp_path / "index.html", write_comparison(compare(record, record), tmp_path)]
    for page in pages:
        without_policy(page)
        browser.open(page)
        assert live(browser, SHAPES, ["file:///"]) == []
        assert browser.asked == [page.as_uri()]
    browser.open(pages[0])
    shown = set(browser.value("[...document.querySelectorAll('.quiet code:first-of-type')].map(c => c.textContent)"))
    assert {visible(text) for text in texts} <= shown
    assert asked == []


def notebook_of(texts: list[str], run_by_text: list[str]) -> Any:
    """Return a notebook whose cells and outputs hold these texts in every form that Jupyter knows."""
    frame = pd.DataFrame({"product": texts, "customer": texts, "file": texts})
    tame = [
        nbformat.v4.new_output("execute_result", data={"text/html": frame.to_html(max_rows=None), "text/plain": "x"}),
        nbformat.v4.new_output("stream", name="stdout", text="\n".join(texts)),
        nbformat.v4.new_output("error", ename="ValueError", evalue=texts[0], traceback=texts),
    ]
    cells = [nbformat.v4.new_code_cell("\n".join(texts), outputs=tame), *map(nbformat.v4.new_markdown_cell, texts[::9])]
    kinds = ("text/html", "text/markdown", "image/svg+xml", "text/latex", "text/plain", "application/javascript")
    for text in run_by_text:
        wild = [nbformat.v4.new_output("display_data", data={kind: text}) for kind in kinds]
        cells += [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(text, outputs=wild)]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_notebook_page_runs_nothing_and_asks_for_nothing(
    browser: Browser, trap: tuple[str, Asked], tmp_path: Path
) -> None:
    address, asked = trap
    notebook, page = tmp_path / "a.ipynb", tmp_path / "a.html"
    nbformat.write(notebook_of(NAUGHTY, payloads(address)), notebook)
    write_page(notebook, page)
    without_policy(page)
    browser.open(page)
    # A link waits for a person to follow it. A picture stands in the page itself; an SVG in one runs no script.
    assert live(browser, [*SHAPES, *OF_NOTEBOOKS], ["file:", "http://", "https://", "data:image/"]) == []
    assert browser.asked == [page.as_uri()]
    assert asked == []
    assert browser.value("document.querySelectorAll('td').length") >= 3 * len(NAUGHTY)
    assert browser.value("[...document.querySelectorAll('[src]')].every(one => one.localName == 'img')")
