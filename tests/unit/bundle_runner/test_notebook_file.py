"""Notebooks before they run: the parameters cell and the end mark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bundle_runner.errors import BundleError, ParameterError
from bundle_runner.notebooks.file import NotebookFile, read_notebook


def notebook(folder: Path, parameters: str | None, *cells: str) -> NotebookFile:
    tagged = (
        []
        if parameters is None
        else [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": parameters}]
    )
    rest = [{"cell_type": "code", "metadata": {}, "source": [cell]} for cell in cells]
    path = folder / "n.ipynb"
    path.write_text(json.dumps({"cells": [*tagged, *rest], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    return read_notebook(path)


def test_the_parameters_cell_declares_by_literals(tmp_path: Path) -> None:
    source = 'day = ""  # the day\nlimit: int = -5\nnames = ["a"]\n"""words"""'
    assert notebook(tmp_path, source).parameters == {"day": "", "limit": -5, "names": ["a"]}
    assert notebook(tmp_path, None, "x = 1").parameters is None


def test_a_parameter_that_is_no_literal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"n.ipynb: parameter day: expected a literal such as \"\""):
        _ = notebook(tmp_path, "day = today()").parameters
    with pytest.raises(BundleError, match="its parameters cell is not Python"):
        _ = notebook(tmp_path, "day = ").parameters


def test_undeclared_values_are_refused_together(tmp_path: Path) -> None:
    file = notebook(tmp_path, 'day = ""')
    file.check_values({"day"}, set(), "load")
    file.check_values(set(), set(), "load")
    with pytest.raises(ParameterError, match=r"task load: n.ipynb does not declare aday, root; did you mean day"):
        file.check_values({"day", "root"}, {"aday"}, "load")


def test_a_notebook_with_widgets_takes_what_it_wants_of_the_job_and_must_know_what_its_task_gives(
    tmp_path: Path,
) -> None:
    file = notebook(
        tmp_path, None, 'dbutils.widgets.text("day", "")', "%sql SELECT 1", 'x = dbutils.widgets.get(name="n")'
    )
    assert file.takes_widgets
    assert file.widgets == {"day", "n"}
    file.check_values({"region"}, {"day", "n"}, "load")
    with pytest.raises(
        ParameterError, match=r'task load: n.ipynb has no widget dy; did you mean day\?;.*text\("dy", ""\)'
    ):
        file.check_values(set(), {"dy"}, "load")
    notebook(tmp_path, None, "dbutils.widgets.getAll()").check_values(set(), {"dy"}, "load")
    assert not notebook(tmp_path, 'day = ""', 'dbutils.widgets.text("day", "")').takes_widgets
    assert not notebook(tmp_path, None, "x = 1").takes_widgets


@pytest.mark.parametrize(
    ("cells", "expected"),
    [(["task.end()"], True), (["task.end('x')", ""], True), (["task.end()", "x = 1"], False), ([], False)],
)
def test_the_end_mark_stands_in_the_last_code_cell(tmp_path: Path, cells: list[str], expected: bool) -> None:
    assert notebook(tmp_path, None, *cells).marks_its_end is expected


def test_what_is_no_notebook_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.ipynb").write_text("{}")
    (tmp_path / "load.ipynb").write_text("{}")
    with pytest.raises(BundleError, match=r"bad.ipynb: this is not a notebook"):
        read_notebook(tmp_path / "bad.ipynb")
    with pytest.raises(BundleError, match=r"lod.ipynb: there is no such notebook; did you mean load.ipynb"):
        read_notebook(tmp_path / "lod")
    with pytest.raises(BundleError, match=r"the folder .* does not exist either"):
        read_notebook(tmp_path / "none" / "a.ipynb")


IMPORTS = {
    "each form": (
        ["import os.path as p, json\nfrom a.b import c as d, e\nfrom .near import f\nfrom x import *"],
        [("os.path", ()), ("json", ()), ("a.b", ("c", "e")), ("x", ("*",))],
    ),
    "over cells": (['"""Words."""\nimport a', "LIMIT = 5", "import b"], [("a", ()), ("b", ())]),
    "not after a deed": (["import a\na.use('x')\nimport b", "import c"], [("a", ())]),
    "not after a call that is named": (["import a\nx = a.set_up()", "import b"], [("a", ())]),
    "not inside": (["if True:\n    import a", "import b"], []),
    "not after a magic": (["import a", "%env X=1", "import b"], [("a", ())]),
}


@pytest.mark.parametrize(("cells", "expected"), IMPORTS.values(), ids=IMPORTS.keys())
def test_imports_are_those_before_the_notebook_does_anything(
    tmp_path: Path, cells: list[str], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert list(notebook(tmp_path, 'day = ""', *cells).imports) == expected
