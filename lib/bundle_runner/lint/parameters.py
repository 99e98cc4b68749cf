"""Rules on the parameters that a notebook declares and those that a task gives it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bundle_runner.bundle.located import Where
from bundle_runner.errors import did_you_mean
from bundle_runner.lint.cells import Cell
from bundle_runner.lint.files import NamedFile
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, members, texts_of

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
NO_WIDGET = warning(
    "N115",
    "A notebook asks for a widget that nobody gives",
    "Neither the notebook makes it nor the job gives it; the run fails when it reaches the cell.",
    'dbutils.widgets.get("dya") where the job gives day',
    'dbutils.widgets.get("day")',
)
NOT_TAGGED = warning(
    "N117",
    "A cell sets parameters, and is not tagged `parameters`",
    "The values that the job gives are lost: the notebook runs with those of the cell.",
    'day = "" in a cell without a tag, and base_parameters: {day: …}',
    "the same cell with the tag `parameters`",
)
OTHERWISE_ALL = re.compile(r"getAll\(|entry_point|getCurrentBindings|^\s*%run\b", re.MULTILINE)
OTHERWISE = re.compile(rf"widgets|getArgument|{OTHERWISE_ALL.pattern}", re.MULTILINE)


def tagged(cells: tuple[Cell, ...]) -> list[Cell]:
    """Return the cells tagged `parameters`."""
    return [cell for cell in cells if "parameters" in cell.tags and cell.language == "python"]


def of_parameters(file: NamedFile, cells: tuple[Cell, ...]) -> Iterator[Finding]:
    """Check a notebook's parameters cell, and what its task gives it."""
    found = tagged(cells)
    for cell in found[1:]:
        yield TWO_CELLS.at(
            Where(file.path, cell.place(1)),
            f"cell {cell.number} is tagged parameters, and so is cell {found[0].number}",
        )
    declared, problems = _declared(file.path, found[0]) if found else (None, [])
    yield from problems
    if not found:
        yield from _untagged(file, cells)
    yield from _given(file, cells, declared)
    yield from _asked(file, cells)


def _untagged(file: NamedFile, cells: tuple[Cell, ...]) -> Iterator[Finding]:
    """Look for a cell of literals that bears the names of what the job gives; a notebook may read them otherwise."""
    text = "\n".join(line for cell in cells for line in cell.lines)
    if file.task is None or file.job is None or file.path.suffix != ".ipynb" or OTHERWISE.search(text):
        return
    given = {
        *a_map(a_map(file.task.body.get("notebook_task")).get("base_parameters")),
        *texts_of(file.job.body.get("parameters"), "name"),
    }
    for cell in cells:
        named, problems = _declared(file.path, cell)
        if named & given and not problems and len(ast.parse(cell.python).body) == len(named):
            yield NOT_TAGGED.at(
                Where(file.path, cell.place(1)),
                f"cell {cell.number} sets {', '.join(sorted(named & given)[:3])}, which the job gives, "
                "and is not tagged parameters: the job's values would be lost",
            )
            return


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
    if OTHERWISE_ALL.search(text):
        return
    widgets = set(re.findall(r"widgets\.\w+\(\s*(?:name\s*=\s*)?[\"']([\w.-]+)", text))
    for name, value, where in members(a_map(file.task.body.get("notebook_task")).get("base_parameters")):
        if "${bundle.git." in str(value) and declared is None:
            continue  # it tells whoever looks at the run where the code is from
        known = widgets | (declared or set())
        mentioned = declared is None and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
        if name not in known and not mentioned:
            code, verb = (NOT_READ, "never mentions") if declared is None else (NOT_DECLARED, "does not declare")
            yield code.at(
                where,
                f"task {file.task.key}: {file.path.name} {verb} {name}, "
                f"so the value would be lost{did_you_mean(name, known)}",
            )


def _asked(file: NamedFile, cells: tuple[Cell, ...]) -> Iterator[Finding]:
    text = "\n".join(line for cell in cells for line in cell.lines)
    if file.task is None or file.job is None or re.search(r"^\s*%run\b|CREATE\s+WIDGET", text, re.MULTILINE):
        return
    made = set(re.findall(r"widgets\.(?:text|dropdown|combobox|multiselect)\(\s*(?:name\s*=\s*)?[\"']([\w.-]+)", text))
    given = a_map(a_map(file.task.body.get("notebook_task")).get("base_parameters"))
    known = {*made, *given, *texts_of(file.job.body.get("parameters"), "name")}
    if re.search(r"widgets\.(?:text|dropdown|combobox|multiselect)\(\s*(?:name\s*=\s*)?[^\"'\s]", text):
        return  # some are made by a name that only a run knows
    for cell in cells:
        for number, line in enumerate(cell.lines, 1):
            for name in re.findall(r"dbutils\.widgets\.get\(\s*[\"']([\w.-]+)[\"']\s*\)", line):
                if name not in known:
                    yield NO_WIDGET.at(
                        Where(file.path, cell.place(number)),
                        f"cell {cell.number}: neither this notebook nor task {file.task.key} gives a widget {name}"
                        f"{did_you_mean(name, known)}",
                    )
