"""What a notebook asks of the package that its bundle builds, and of the job that starts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_runner.lint.rules import lint
from tests.unit.bundle_runner.lint.broken_notebooks import code, file_of, notebook
from tests.unit.bundle_runner.lint.bundle_texts import beside_a, write_bundle

RULES = """
from os.path import join
import json as j
LIMIT: int = 3
first, (second, *rest) = 1, (2, 3)
if LIMIT:
    def check_totals(): ...
class Rule: ...
"""


@pytest.fixture(params=["src", "lib", "."])
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Write a bundle that builds a package `shop`, in each of the usual layouts."""
    write_bundle(
        tmp_path,
        beside_a("- {task_key: b, notebook_task: {notebook_path: b.ipynb}}")
        + "artifacts: {lib: {type: whl, build: make, path: .}}\n",
    )
    package = tmp_path / request.param / "shop"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "rules.py").write_text(RULES)
    (package / "open.py").write_text("from shop.rules import *\n")
    (package / "lazy.py").write_text("def __getattr__(name): ...\n")
    (package / "deep/inner.py").write_text("")
    return tmp_path


MISSING = {
    "from shop.rules import chek_totals": "shop.rules has no chek_totals; did you mean check_totals?",
    "from shop.ruels import check_totals": "there is no module shop.ruels; did you mean rules?",
    "import shop.deep.iner": "there is no module shop.deep.iner; did you mean inner?",
    "from shop import ruels": "shop has no ruels",
    "def f():\n    from shop.rules import x": "shop.rules has no x",
}


@pytest.mark.parametrize("written", MISSING)
def test_an_import_of_what_the_package_lacks_is_told(written: str, bundle: Path) -> None:
    lines = ["y = 1", *written.splitlines()]
    (bundle / "b.ipynb").write_text(notebook(*lines))
    (found,) = lint(bundle)
    assert found.code.name == "N116"
    assert MISSING[written] in found.message
    assert "import" in (bundle / "b.ipynb").read_text().splitlines()[found.where.line - 1]


THERE = [
    "from shop.rules import LIMIT, Rule, check_totals, first, j, join, rest, second",
    "from shop.rules import *",
    "from shop.open import whatever",
    "from shop.lazy import whatever",
    "from shop import rules, deep",
    "import shop.deep.inner",
    "import pandas.nothing",
    "try:\n    from shop.rules import new\nexcept ImportError:\n    new = None",
]


@pytest.mark.parametrize("written", THERE)
def test_an_import_of_what_may_be_there_is_no_finding(written: str, bundle: Path) -> None:
    (bundle / "b.ipynb").write_text(notebook(*written.splitlines()))
    assert lint(bundle) == []


GIVEN = "- {task_key: b, notebook_task: {notebook_path: b.ipynb, base_parameters: {day: ''}}}\n"


@pytest.mark.parametrize("given", ["the task", "the job"])
def test_a_parameters_cell_that_lost_its_tag_is_told(given: str, tmp_path: Path) -> None:
    job = "- {task_key: b, notebook_task: {notebook_path: b.ipynb}}\nparameters: [{name: day, default: ''}]"
    write_bundle(tmp_path, beside_a(GIVEN if given == "the task" else job))
    (tmp_path / "b.ipynb").write_text(file_of(code("import os"), code('day = ""', 'shop = "x"'), code("print(day)")))
    (found,) = lint(tmp_path)
    assert found.code.name == "N117"
    assert "cell 2 sets day, which the job gives, and is not tagged parameters" in found.message
    assert "day =" in (tmp_path / "b.ipynb").read_text().splitlines()[found.where.line - 1]


OTHERWISE = {
    "the tag": file_of(code('day = ""', tags=["parameters"]), code('day = ""')),
    "widgets": file_of(code('day = ""'), code('day = dbutils.widgets.get("day")')),
    "a setup of its own": file_of(code("%run ./a"), code('day = ""')),
    "no literal": file_of(code("day = today()")),
    "more than literals": file_of(code('day = ""', "print(day)")),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_notebook_may_take_its_values_otherwise(name: str, tmp_path: Path) -> None:
    write_bundle(tmp_path, beside_a(GIVEN))
    (tmp_path / "b.ipynb").write_text(OTHERWISE[name])
    assert lint(tmp_path) == []
