"""Rules on notebooks and Python files that tasks run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bundle_runner.bundle.located import Where
from bundle_runner.errors import BundleError
from bundle_runner.lint.cells import Cell, read_cells
from bundle_runner.lint.connect import connect_unsafe, unguarded_dbutils
from bundle_runner.lint.files import HEADER, NamedFile, head, named_files
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.parameters import of_parameters, tagged
from bundle_runner.lint.reading import ReadBundle
from bundle_runner.plan.leaks import secret_in

NO_NOTEBOOK = error(
    "N101",
    "A notebook cannot be read",
    "The file is no JSON or has no cells; the import into the workspace fails.",
    "a half-merged .ipynb",
    "the notebook saved anew",
)
SYNTAX = error(
    "N102",
    "A cell is not Python",
    "The run fails when it reaches the cell.",
    "for row in rows",
    "for row in rows:",
)
FAILS_ON_SERVERLESS = error(
    "N106",
    "A task on serverless uses what Spark Connect does not have",
    "The run fails when it reaches the cell.",
    "spark.sparkContext.parallelize(rows)",
    "spark.createDataFrame(rows)",
)
NOT_ON_CONNECT = warning(
    "N107",
    "A notebook uses what Spark Connect does not have",
    "It runs on a classic cluster only, and fails on serverless.",
    "df.rdd.map(…)",
    "df.select(…)",
)
RUN = warning(
    "N108",
    "`%run` in a notebook with a parameters cell",
    "It exists in a Databricks workspace only; such a notebook cannot be opened elsewhere.",
    "%run ./setup",
    "from sales import setup",
)
DBUTILS = warning(
    "N109",
    "`dbutils` without a guard in a notebook with a parameters cell",
    "Outside Databricks and this runner the name does not exist.",
    'dbutils.widgets.get("day")',
    'if "dbutils" in globals(): …',
)
SECRET = error(
    "N110",
    "A secret stands in a cell",
    "Whoever reads the repository has it; change it, then fetch it at run time.",
    'password = "hunter2hunter2"',
    'dbutils.secrets.get("shop", "password")',
)
OUTPUT = warning(
    "N111",
    "An output is kept in the file",
    "Outputs may show what nobody meant to publish; only a cell tagged `summary` keeps its own.",
    "a cell with a table of customers below it",
    "the notebook saved without outputs",
)
RUN_AS_PYTHON = ("notebook", "python", "file")
SERVED = ("job_cluster_key", "existing_cluster_id", "new_cluster")


def check_notebooks(bundle: ReadBundle) -> Iterator[Finding]:
    """Check what every notebook and Python file says, and what its tasks give it."""
    files = [file for file in named_files(bundle) if file.kind in RUN_AS_PYTHON and file.path.is_file()]
    cells = {path: _read(path) for path in sorted({file.path for file in files})}
    for path, found in cells.items():
        yield from [found] if isinstance(found, Finding) else _of_file(path, found)
    for file in files:
        read = cells[file.path]
        if file.kind == "notebook" and not isinstance(read, Finding):
            yield from _of_notebook(file, read)


def _read(path: Path) -> tuple[Cell, ...] | Finding:
    try:
        return read_cells(path)
    except BundleError as problem:
        return NO_NOTEBOOK.at(Where(path, 1), str(problem).removeprefix(f"{path}: "))


def _of_file(path: Path, cells: tuple[Cell, ...]) -> Iterator[Finding]:
    for cell in cells:
        is_plain = path.suffix == ".py" and not head(path).startswith(HEADER)
        yield from _syntax(path, cell, path.name if is_plain else f"cell {cell.number}")
        for number, line in enumerate(cell.lines, 1):
            if said := secret_in(line):
                yield SECRET.at(
                    Where(path, cell.place(number)), f"cell {cell.number}: this looks like {said}; change it"
                )
        if cell.has_output and "summary" not in cell.tags:
            yield OUTPUT.at(
                Where(path, cell.place(1)), f"cell {cell.number} keeps its output; clear it before it is committed"
            )


def _syntax(path: Path, cell: Cell, subject: str) -> Iterator[Finding]:
    try:
        ast.parse(cell.python)
    except SyntaxError as problem:
        where = Where(path, cell.place(problem.lineno or 1), problem.offset or 1)
        yield SYNTAX.at(where, f"{subject} is not Python: {problem.msg}; the run would fail there")
    except ValueError as problem:
        yield SYNTAX.at(Where(path, cell.place(1)), f"{subject} is not Python: {problem}")


def _of_notebook(file: NamedFile, cells: tuple[Cell, ...]) -> Iterator[Finding]:
    if file.path.suffix == ".py" and not head(file.path).startswith(HEADER):
        return
    yield from of_parameters(file, cells)
    serverless = file.task is not None and not any(file.task.body.get(name) for name in SERVED)
    for cell in cells:
        for line, name in connect_unsafe(cell.python):
            code = FAILS_ON_SERVERLESS if serverless else NOT_ON_CONNECT
            yield code.at(
                Where(file.path, cell.place(line)),
                f"cell {cell.number}: {name} does not exist on Spark Connect, so this fails on serverless",
            )
        yield from _elsewhere(file.path, cell) if tagged(cells) else ()


def _elsewhere(path: Path, cell: Cell) -> Iterator[Finding]:
    for number, line in enumerate(cell.lines, 1):
        if cell.language == "python" and re.match(r"\s*%run\b", line):
            yield RUN.at(
                Where(path, cell.place(number)), f"cell {cell.number}: %run exists only in Databricks; import instead"
            )
    for line_number in unguarded_dbutils(cell.python):
        yield DBUTILS.at(
            Where(path, cell.place(line_number)),
            f"cell {cell.number}: dbutils does not exist where this notebook is opened by itself; guard it",
        )
