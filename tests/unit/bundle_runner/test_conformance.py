"""docs/conformance.md: every feature names its source and a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "conformance.md"
FEATURE, RULE, TEST, DIFFERENCES = range(4)


def _rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


ROWS = _rows()


def test_the_page_has_rows() -> None:
    assert len(ROWS) > 15
    assert len({row[FEATURE] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[FEATURE] for row in ROWS])
def test_a_row_names_its_source_and_a_test_that_exists(row: list[str]) -> None:
    assert len(row) == 4
    assert re.search(r"\(.*(\*[^*]+\*|measured).*\)$", row[RULE]), row[RULE]
    assert row[DIFFERENCES]
    found = re.findall(r"`(tests/[^`:]+)::(\w+)`", row[TEST])
    assert found
    for file, name in found:
        functions = [
            node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)
        ]
        assert name in functions
