"""Cells that begin with %sql: where their statements end."""

from __future__ import annotations

import pytest

from bundle_runner.sql_cell import _as_cell_magic, statements

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


def test_a_cell_of_databricks_becomes_a_cell_of_ipython() -> None:
    assert _as_cell_magic(["%sql SELECT 1\n", "FROM t\n"]) == ["%%sql\n", "SELECT 1\n", "FROM t\n"]
    assert _as_cell_magic(["%sqlite x\n"]) == ["%sqlite x\n"]
    assert _as_cell_magic([]) == []
