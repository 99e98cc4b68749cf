"""Make an executed notebook a page that runs no script and loads nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bundle_runner.pages.frame import write
from bundle_runner.pages.markup import clean

FOLDED = """
{%- extends 'basic/index.html.j2' -%}
{% block input %}
{%- set failed = cell.outputs | selectattr('output_type', 'equalto', 'error') | list -%}
<details class="code"{% if failed %} open{% endif %}><summary>code</summary>
{{ super() }}
</details>
{% endblock input %}
"""
"""A page is read for what came out; the code stands behind a line, but for that of a cell that failed."""


def write_page(notebook: Path, target: Path) -> None:
    """Write the sanitised HTML of an executed notebook."""
    from markupsafe import Markup

    body = Markup(_body(notebook))  # noqa: S704 it has been through the sanitiser
    write(target, "notebook.html", title=notebook.stem, body=body)


def _body(notebook: Path) -> str:
    from nbconvert.exporters import HTMLExporter

    make: Any = HTMLExporter  # nbconvert's own annotations stop at its constructor
    exporter = make(template_name="basic", raw_template=FOLDED, sanitize_html=True, exclude_anchor_links=True)
    exporter.register_filter("clean_html", clean)  # nbconvert's own escapes headings, paragraphs and table heads, too
    body, _ = exporter.from_filename(str(notebook))
    return str(body)
