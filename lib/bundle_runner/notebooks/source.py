"""Read a notebook that is written as Python source, as Databricks keeps it in git.

`# MAGIC %md` becomes a text cell, `%sql` stays for the kernel, `%run` is replaced by the cells of the other notebook.
Source: the format that Databricks exports ("Export and import Databricks notebooks").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from bundle_runner.errors import BundleError, did_you_mean
from bundle_runner.notebooks.sql import sql_cells

HEADER = "# Databricks notebook source"
_CUT = re.compile(r"^# COMMAND -+[ \t]*$")
_TITLE = re.compile(r"^# DBTITLE \d+,(.*)$")
_MAGIC = re.compile(r"^# MAGIC ?")
_WORD = re.compile(r"%([A-Za-z]+)[ \t]*")
ENDINGS = (".ipynb", ".py", ".sql")

Cell = dict[str, Any]


def read_content(path: Path) -> dict[str, Any]:
    """Return the content of a notebook file, whichever form it has.

    Raises: BundleError when it does not exist, is no notebook, or holds what is not run here.
    """
    if path.suffix not in (".py", ".sql"):
        return _opened(path)
    read = sql_cells(_text(path), path) if path.suffix == ".sql" else _source_cells(path, ())
    cells = [{**cell, "id": f"c{number}"} for number, cell in enumerate(read, 1)]
    return {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}


def found_path(path: Path) -> Path:
    """Return the file of a notebook that may be named without its ending."""
    if path.suffix in ENDINGS:
        return path
    named = [path.with_name(path.name + ending) for ending in ENDINGS]
    return next((file for file in named if file.is_file()), named[0])


def _opened(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(_text(path))
        content["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{path}: this is not a notebook: {type(error).__name__}: {error}") from error
    return content


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BundleError(f"{path}: there is no such notebook{_nearby(path)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{path}: this is not a notebook: {type(error).__name__}: {error}") from error


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"; the folder {path.parent} does not exist either"
    return did_you_mean(path.name, [file.name for ending in ENDINGS for file in path.parent.glob(f"*{ending}")])


def _source_cells(path: Path, around: tuple[Path, ...]) -> Iterator[Cell]:
    lines = _text(path).splitlines()
    if not lines or lines[0].rstrip() != HEADER:
        raise BundleError(
            f"{path}: this is a Python file, no notebook: the first line of a notebook is `{HEADER}`; write it there, "
            "or run the file by a spark_python_task"
        )
    for start, block in _blocks(lines):
        title = _TITLE.match(block[0]) if block else None
        if title:
            yield _text_cell(f"#### {title[1].strip()}")
        yield from _cell(path, start, [line for line in block if not _TITLE.match(line)], (*around, path))


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield what stands between the cuts, without blank lines around it, and its first line's number."""
    cuts = [0, *(number for number, line in enumerate(lines) if _CUT.match(line)), len(lines)]
    for before, after in pairwise(cuts):
        full = [number for number in range(before + 1, after) if lines[number].strip()]
        if full:
            yield full[0] + 1, lines[full[0] : full[-1] + 1]


def _cell(path: Path, line: int, block: list[str], around: tuple[Path, ...]) -> Iterator[Cell]:
    if not block:
        return
    if not all(_MAGIC.match(part) for part in block):
        yield _code_cell("\n".join(block))
        return
    text = "\n".join(_MAGIC.sub("", part) for part in block).strip()
    word = _WORD.match(text)
    language, body = (word[1], text[word.end() :].strip()) if word else ("python", text)
    if language == "md":
        yield _text_cell(body)
    elif language == "sql":
        yield _code_cell(text)
    elif language == "python":
        yield _code_cell(body)
    elif language == "run":
        yield from _other(path, line, body.strip(), around)
    else:
        raise BundleError(
            f"{path}:{line}: %{language} is not run by this runner; it runs %md, %sql, %run and %python; "
            "packages belong into the environment"
        )


def _other(path: Path, line: int, words: str, around: tuple[Path, ...]) -> list[Cell]:
    name = words.strip("'\"")
    if len(words.split()) != 1 or name.startswith("/"):
        raise BundleError(
            f"{path}:{line}: %run takes a path beside the notebook here, and no arguments; got {words[:80]}"
        )
    other = found_path((path.parent / name).resolve())
    if other in around:
        circle = " → ".join(file.name for file in (*around[around.index(other) :], other))
        raise BundleError(f"{path}:{line}: %run goes round in a circle: {circle}")
    try:
        if other.suffix == ".py":
            return list(_source_cells(other, around))
        return [{**cell, "metadata": {}, "source": "".join(cell["source"])} for cell in _opened(other)["cells"]]
    except BundleError as error:
        raise BundleError(f"{path}:{line}: %run: {error}") from None


def _text_cell(text: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code_cell(text: str) -> Cell:
    return {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
