"""Read the cells of a notebook, `.ipynb` or Databricks' `.py` source, so that each line knows its line in the file."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle_runner.errors import BundleError
from bundle_runner.notebooks.file import read_notebook, source_of

HEADER = "# Databricks notebook source"
SEPARATOR = "# COMMAND ----------"
_MAGIC = re.compile(r"# MAGIC ?")


@dataclass(frozen=True)
class Cell:
    """One cell; `lines[i]` stands in line `places[i]` of the file."""

    number: int
    language: str
    lines: tuple[str, ...]
    places: tuple[int, ...]
    tags: frozenset[str] = frozenset()
    has_output: bool = False

    @property
    def python(self) -> str:
        """Return the cell as Python, line by line; what IPython adds to the language stands as `pass`."""
        if self.language != "python":
            return ""
        code = "\n".join(self.lines)
        return code if _is_python(code) else "\n".join(_plain(line) for line in self.lines)

    def place(self, line: int) -> int:
        """Return the line in the file of a line of this cell, counted from 1."""
        return self.places[min(max(line, 1), len(self.places)) - 1] if self.places else 1


def _is_python(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


def _plain(line: str) -> str:
    line = re.sub(r"^(\s*)(?:%{1,2}|!{1,2}|\?)[\w./~$].*", r"\1pass", line)
    line = re.sub(r"=\s*[%!][\w./~$].*", "= None", line)
    return re.sub(r"^(\s*)[\w.]+\?+\s*$", r"\1pass", line)


def read_cells(path: Path) -> tuple[Cell, ...]:
    """Return the cells of a notebook; none for a language whose files are not read here.

    Raises: BundleError when the file is no notebook.
    """
    if path.suffix == ".ipynb":
        notebook = read_notebook(path)
        return tuple(_of_ipynb(path, notebook.content))
    if path.suffix == ".py":
        try:
            return tuple(_of_source(path.read_text(encoding="utf-8-sig")))
        except (OSError, UnicodeDecodeError) as error:
            raise BundleError(f"{path}: cannot be read: {error}") from error
    return ()


def cells_of(path: Path) -> tuple[Cell, ...]:
    """Return the cells of a notebook, none of one that cannot be read: that notebooks.py says."""
    try:
        return read_cells(path)
    except BundleError:
        return ()


def _of_ipynb(path: Path, content: dict[str, Any]) -> Iterator[Cell]:
    text = path.read_text(encoding="utf-8")
    language = _language(content.get("metadata") or {})
    position = 0
    for number, cell in enumerate(content["cells"], 1):
        lines = source_of(cell).splitlines()
        position = max(position, text.find('"source":', position))  # outputs may stand before, and repeat the code
        places = []
        for line in lines:
            position = _position(text, line, position)
            places.append(text.count("\n", 0, position) + 1)
        kind = _of_magic(lines, language) if cell.get("cell_type") == "code" else "text"
        tags = frozenset((cell.get("metadata") or {}).get("tags") or ())
        yield Cell(number, kind, tuple(lines), tuple(places), tags, bool(cell.get("outputs")))


def _position(text: str, line: str, start: int) -> int:
    """Return where a line of a cell stands in the JSON; a file may escape what is not ASCII, or not."""
    plain, escaped = json.dumps(line, ensure_ascii=False)[:-1], json.dumps(line)[:-1]
    for written in (plain, escaped, plain[1:], escaped[1:]):  # a line of a list begins with a quote
        found = text.find(written, start)
        if found >= 0:
            return found + len(written)
    return start


def _language(metadata: dict[str, Any]) -> str:
    here = metadata.get("application/vnd.databricks.v1+notebook") or {}
    named = here.get("language") or (metadata.get("language_info") or {}).get("name") or "python"
    return str(named).lower()


def _of_magic(lines: list[str], language: str) -> str:
    """Return the language that a first line such as `%sql` or `%%bash` chooses."""
    first = next((line.strip() for line in lines if line.strip()), "")
    match = re.match(r"%%?(\w+)", first)
    if match and match[1] in (
        "md",
        "sql",
        "sh",
        "bash",
        "scala",
        "r",
        "html",
        "fs",
        "javascript",
        "writefile",
        "script",
    ):
        return match[1]
    return language


def _of_source(text: str) -> Iterator[Cell]:
    cell: list[tuple[int, str]] = []
    number = 1
    for place, line in enumerate([*text.splitlines(), SEPARATOR], 1):
        if line.strip() != SEPARATOR:
            cell += [(place, line)] if line.rstrip() != HEADER else []
            continue
        yield _source_cell(number, cell)
        number, cell = number + 1, []


def _source_cell(number: int, numbered: list[tuple[int, str]]) -> Cell:
    is_magic = any(_MAGIC.match(line) for _, line in numbered)
    lines = [_MAGIC.sub("", line, count=1) if is_magic and _MAGIC.match(line) else line for _, line in numbered]
    spoken = [line for line in lines if not line.startswith("# DBTITLE")] if is_magic else lines
    return Cell(number, _of_magic(spoken, "python"), tuple(lines), tuple(place for place, _ in numbered))
