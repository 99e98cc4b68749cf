"""Rules on notebooks and Python files that tasks run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bundle_runner.errors import BundleError, did_you_mean
from bundle_runner.lint.cells import Cell, read_cells
from bundle_runner.lint.connect import connect_unsafe, unguarded_dbutils
from bundle_runner.lint.files import HEADER, NamedFile, head, named_files
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, members
from bundle_runner.lint.reading import ReadBundle
from bundle_runner.lint.secrets import secret_in
from bundle_runner.located import Where

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
NOT_DECLARED = error(
    "N103",
    "A task gives a parameter that the notebook does not declare",
    "The notebook runs with its own default, without a word.",
    "base_parameters: {dya: …} where the parameters cell declares day",
    "base_parameters: {day: …}",
)
NOT_READ = warning(
    "N112",
    "A task gives a parameter that the notebook never mentions",
    "The value is of no use; often the name is misspelt on one of the two sides.",
    'base_parameters: {dya: …} where a cell says dbutils.widgets.get("day")',
    "base_parameters: {day: …}",
)
TWO_CELLS = error(
    "N104",
    "Two cells are tagged `parameters`",
    "Values reach only the first.",
    "two tagged cells",
    "one tagged cell",
)
NO_LITERAL = error(
    "N105",
    "A parameter's default is computed",
    "The parameters cell holds literals, one a line, so that the names can be known before a run.",
    "day = date.today()",
    'day = ""',
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
IN_BUNDLE = error(
    "B107",
    "A secret stands in the bundle",
    "Whoever reads the repository has it; change it, then name it by scope and key.",
    'spark_env_vars: {TOKEN: "dapi0123…"}',
    "spark_env_vars: {TOKEN: {{secrets/shop/token}}}",
)
SERVED = ("job_cluster_key", "existing_cluster_id", "new_cluster")


def check_notebooks(bundle: ReadBundle) -> Iterator[Finding]:
    """Check what every notebook and Python file says, and what its tasks give it."""
    for document in bundle.files:
        for number, line in enumerate(document.text.splitlines(), 1):
            if said := secret_in(line):
                yield IN_BUNDLE.at(
                    Where(document.path, number), f"this looks like {said}; change it and use a reference"
                )
    read: dict[Path, tuple[Cell, ...] | Finding] = {}
    for file in named_files(bundle):
        if file.kind not in ("notebook", "python", "file") or not file.path.is_file():
            continue
        is_new = file.path not in read
        found = read.setdefault(file.path, _read(file.path)) if is_new else read[file.path]
        if isinstance(found, Finding):
            yield from (found,) if is_new else ()
            continue
        yield from _of_file(file.path, found) if is_new else ()
        if file.kind == "notebook":
            yield from _of_notebook(file, found)


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
    tagged = [cell for cell in cells if "parameters" in cell.tags and cell.language == "python"]
    for cell in tagged[1:]:
        yield TWO_CELLS.at(
            Where(file.path, cell.place(1)),
            f"cell {cell.number} is tagged parameters, and so is cell {tagged[0].number}",
        )
    declared, problems = _declared(file.path, tagged[0]) if tagged else (frozenset(), [])
    yield from problems
    yield from _given(file, cells, declared if tagged else None)
    serverless = file.task is not None and not any(file.task.body.get(name) for name in SERVED)
    for cell in cells:
        for line, name in connect_unsafe(cell.python):
            code = FAILS_ON_SERVERLESS if serverless else NOT_ON_CONNECT
            yield code.at(
                Where(file.path, cell.place(line)),
                f"cell {cell.number}: {name} does not exist on Spark Connect, so this fails on serverless",
            )
        yield from _elsewhere(file.path, cell) if tagged else ()


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


def _declared(path: Path, cell: Cell) -> tuple[frozenset[str], list[Finding]]:
    try:
        statements = ast.parse(cell.python).body
    except (SyntaxError, ValueError):
        return frozenset(), []
    names, problems = set(), []
    for statement in statements:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                names.add(target.id)
                value = getattr(statement, "value", None)
                if value is not None and not _is_literal(value):
                    problems.append(
                        NO_LITERAL.at(
                            Where(path, cell.place(statement.lineno)),
                            f'parameter {target.id}: expected a literal such as ""; compute in a later cell',
                        )
                    )
    return frozenset(names), problems


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):
        return False
    return True


def _given(file: NamedFile, cells: tuple[Cell, ...], declared: frozenset[str] | None) -> Iterator[Finding]:
    """Check the task's own parameters; a notebook without a parameters cell may read them in many ways."""
    if file.task is None or (not cells and file.path.suffix != ".py"):
        return
    text = "\n".join(line for cell in cells for line in cell.lines)
    if re.search(r"getAll\(|entry_point|getCurrentBindings|^\s*%run\b", text, re.MULTILINE):
        return
    widgets = set(re.findall(r"widgets\.\w+\(\s*(?:name\s*=\s*)?[\"']([\w.-]+)", text))
    for name, _, where in members(a_map(file.task.body.get("notebook_task")).get("base_parameters")):
        known = widgets | (declared or set())
        mentioned = declared is None and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
        if name not in known and not mentioned:
            code, verb = (NOT_READ, "never mentions") if declared is None else (NOT_DECLARED, "does not declare")
            yield code.at(
                where,
                f"task {file.task.key}: {file.path.name} {verb} {name}, "
                f"so the value would be lost{did_you_mean(name, known)}",
            )
