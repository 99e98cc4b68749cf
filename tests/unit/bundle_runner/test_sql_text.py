"""SQL as text: where statements end, which values they ask for, what a file becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_runner.errors import BundleError, ParameterError
from bundle_runner.kernel.sql_cell import _as_cell_magic, run
from bundle_runner.notebooks.file import NotebookFile, read_notebook
from bundle_runner.notebooks.sql import asked, statements, with_texts

CUTS = {
    "one": ("SELECT 1", ["SELECT 1"]),
    "two": ("SELECT 1;\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]),
    "in a text": ("SELECT ';', \"a;b\", `c;d`; SELECT 'it\\';s'", ["SELECT ';', \"a;b\", `c;d`", "SELECT 'it\\';s'"]),
    "in comments": ("-- a; b\nSELECT 1 /* ; */; -- the end;\n", ["-- a; b\nSELECT 1 /* ; */"]),
    "a block": ("BEGIN\n SELECT 1;\n SELECT 2;\nEND", ["BEGIN\n SELECT 1;\n SELECT 2;\nEND"]),
    "nothing": (" ;\n;", []),
}


@pytest.mark.parametrize(("text", "expected"), CUTS.values(), ids=CUTS.keys())
def test_statements_end_at_semicolons_outside_of_texts_names_and_comments(text: str, expected: list[str]) -> None:
    assert statements(text) == expected


ASKED = {
    "markers": ("SELECT :day, f(:n)+:n FROM IDENTIFIER(:table)", {"day", "n", "table"}),
    "braces": ("USE CATALOG {{catalog}}; USE {{ schema }}", {"catalog", "schema"}),
    "a cast": ("SELECT x::INT, '1'::DATE, f(x)::DATE, a[1]::INT", set()),
    "the type of a field": ("SELECT CAST(x AS STRUCT<a:INT, b: TEXT>)", set()),
    "texts, names and comments": ("SELECT ':a', \":b\", `:c` -- :d {{e}}\n/* :f */", set()),
}


@pytest.mark.parametrize(("text", "expected"), ASKED.values(), ids=ASKED.keys())
def test_a_statement_asks_for_what_stands_outside_of_texts_names_and_comments(text: str, expected: set[str]) -> None:
    assert asked(text) == expected


def test_a_value_becomes_a_quoted_text_that_cannot_end_early() -> None:
    said = with_texts("SELECT {{a}}, '{{a}}', x::INT, :a, :b", {"a": "it's \\"})
    assert said == "SELECT 'it\\'s \\\\', '{{a}}', x::INT, 'it\\'s \\\\', :b"


def test_a_statement_whose_value_nobody_gives_is_not_run() -> None:
    with pytest.raises(LookupError, match="the statement asks for day, to, and neither the task nor the job gives th"):
        run(None, "SELECT :to, {{day}}, :x", {"x": "1"})


def test_a_cell_of_databricks_becomes_a_cell_of_ipython() -> None:
    assert _as_cell_magic(["%sql SELECT 1\n", "FROM t\n"]) == ["%%sql\n", "SELECT 1\n", "FROM t\n"]
    assert _as_cell_magic(["%sqlite x\n"]) == ["%sqlite x\n"]
    assert _as_cell_magic([]) == []


def _file(folder: Path, text: str) -> NotebookFile:
    (folder / "day.sql").write_text(text)
    return read_notebook(folder / "day.sql")


def test_a_file_is_a_cell_for_each_statement_and_the_last_one_keeps_its_result(tmp_path: Path) -> None:
    cells = _file(tmp_path, "CREATE TABLE t AS SELECT 1;\nSELECT * FROM t;\n").content["cells"]
    assert [cell["source"] for cell in cells] == [
        "%%sql\nCREATE TABLE t AS SELECT 1",
        "%%sql --keep\nSELECT * FROM t",
    ]
    with pytest.raises(BundleError, match=r"day.sql: this file holds no SQL statement; nothing was started"):
        _file(tmp_path, "-- later\n")


def test_values_and_what_a_file_asks_for_must_fit(tmp_path: Path) -> None:
    file = _file(tmp_path, "SELECT :day, :region")
    file.check_values({"region", "other"}, {"day"}, "it")
    with pytest.raises(ParameterError, match=r"task it: day.sql does not ask for dy; did you mean day\?; nothing was"):
        file.check_values({"region"}, {"day", "dy"}, "it")
    with pytest.raises(ParameterError, match=r"task it: day.sql asks for region, and neither the task nor the job"):
        file.check_values(set(), {"day"}, "it")
