"""Make an executed notebook a page that runs no script and loads nothing from elsewhere."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from bundle_runner.markup import clean

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #f4f5f7; --line: #d5d9de; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181c; --ink: #e4e6e9; --soft: #20242a; --line: #3a4048; --bad: #ff8a80 }
}
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: var(--paper); color: var(--ink) }
body { font: 16px/1.55 system-ui, sans-serif }
pre { margin: 0; padding: .6rem .8rem; font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap }
pre { overflow-wrap: anywhere }
.jp-InputArea, .input_area, .highlight { background: var(--soft); border-radius: 4px }
.jp-OutputArea-output, .output_area { overflow-x: auto }
.output_error pre, [data-mime-type="application/vnd.jupyter.error"] pre { border-left: 3px solid var(--bad) }
.prompt { font: 12px ui-monospace, monospace; opacity: .65 }
table { border-collapse: collapse; font-size: 14px }
td, th { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top }
img { max-width: 100%; background: #fff }
a { color: inherit }
"""


def write_page(notebook: Path, target: Path) -> None:
    """Write the sanitised HTML of an executed notebook."""
    body = _body(notebook)
    title = html.escape(notebook.stem)
    target.write_text(page(title, body), encoding="utf-8")


def page(title: str, body: str) -> str:
    """Return a whole page around a body."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(notebook: Path) -> str:
    from nbconvert.exporters import HTMLExporter

    make: Any = HTMLExporter  # nbconvert's own annotations stop at its constructor
    exporter = make(template_name="basic", sanitize_html=True, exclude_anchor_links=True)
    exporter.register_filter("clean_html", clean)  # nbconvert's own escapes headings, paragraphs and table heads, too
    body, _ = exporter.from_filename(str(notebook))
    return str(body)
