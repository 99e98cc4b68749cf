"""Notebooks as Python source: which cells they have, and what is refused."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import nbformat
import pytest

from bundle_runner.errors import BundleError
from bundle_runner.notebooks.file import read_notebook
from bundle_runner.notebooks.source import found_path, read_content

SALES = """\
# Databricks notebook source
# MAGIC %md
# MAGIC # Sales
# MAGIC
# MAGIC of a day

# COMMAND ----------

# DBTITLE 1,What the day is
dbutils.widgets.text("day", "")
day = dbutils.widgets.get("day")  # MAGIC is no magic here

# COMMAND ----------

# COMMAND ----------

# MAGIC %run ./shared

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1;
# MAGIC SELECT 2

# COMMAND ----------

# MAGIC %python
# MAGIC x = 1
"""
SHARED = """\
# Databricks notebook source
def plus(x):
    return x + 1
"""


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text))
    return folder / f"{next(iter(files))}.py"


def test_a_source_becomes_text_cells_and_code_cells_in_its_order(tmp_path: Path) -> None:
    content = read_content(_write(tmp_path, sales=SALES, shared=SHARED))
    assert [(cell["cell_type"], cell["source"]) for cell in content["cells"]] == [
        ("markdown", "# Sales\n\nof a day"),
        ("markdown", "#### What the day is"),
        (
            "code",
            'dbutils.widgets.text("day", "")\nday = dbutils.widgets.get("day")  # MAGIC is no magic here',
        ),
        ("code", "def plus(x):\n    return x + 1"),
        ("code", "%sql\nSELECT 1;\nSELECT 2"),
        ("code", "x = 1"),
    ]
    nbformat.validate(content)


def test_run_takes_an_ipynb_as_well_without_its_parameters_tag(tmp_path: Path) -> None:
    book = nbformat.v4.new_notebook()
    book.cells.append(nbformat.v4.new_code_cell("y = 2", metadata={"tags": ["parameters"]}))
    nbformat.write(book, tmp_path / "setup.ipynb")
    path = _write(tmp_path, sales="# Databricks notebook source\n# MAGIC %run ./setup\n")
    notebook = read_notebook(path)
    assert [cell["source"] for cell in notebook.content["cells"]] == ["y = 2"]
    assert notebook.parameters is None


def test_a_path_without_ending_is_the_notebook_that_is_there(tmp_path: Path) -> None:
    assert found_path(tmp_path / "sales") == tmp_path / "sales.ipynb"
    _write(tmp_path, sales=SHARED)
    assert found_path(tmp_path / "sales") == tmp_path / "sales.py"


REFUSED = {
    "a plain Python file": (
        {"a": "x = 1\n"},
        "a.py: this is a Python file, no notebook: .* or run .* spark_python_task",
    ),
    "an empty file": ({"a": ""}, "a.py: this is a Python file, no notebook"),
    "another language": (
        {"a": "# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\n# MAGIC %scala\n# MAGIC val x = 1\n"},
        "a.py:6: %scala is not run by this runner; it runs %md, %sql, %run and %python",
    ),
    "a circle": (
        {
            "a": "# Databricks notebook source\n# MAGIC %run ./b\n",
            "b": "# Databricks notebook source\n# MAGIC %run ./a\n",
        },
        "a.py:2: %run: .*b.py:2: %run goes round in a circle: a.py → b.py → a.py",
    ),
    "a missing neighbour": (
        {"a": "# Databricks notebook source\n# MAGIC %run ./hared\n", "shared": SHARED},
        "a.py:2: %run: .*hared.ipynb: there is no such notebook; did you mean shared.py",
    ),
    "arguments": (
        {"a": '# Databricks notebook source\n# MAGIC %run ./b $x="1"\n'},
        r"a.py:2: %run takes a path beside the notebook here, and no arguments; got ./b \$x=",
    ),
}


@pytest.mark.parametrize(("files", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_run_is_refused_with_its_line(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        read_content(_write(tmp_path, **files))
