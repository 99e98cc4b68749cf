"""SQL as text: where a statement ends, which values it asks for, and a file of it as the cells of a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bundle_runner.errors import BundleError

KEEP = "--keep"
"""The word by which a cell says that its last result is that of the file."""
_CLOSED = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|--[^\n]*|/\*.*?\*/"""
_PARTS = re.compile(rf"{_CLOSED}|(?P<end>;)", re.DOTALL)
# No marker: the second colon of a cast (`x::INT`), the type of a field (`STRUCT<a:INT>`).
_ASKED = re.compile(rf"{_CLOSED}|(?<![\w:)\]]):(?P<marker>[A-Za-z_]\w*)|\{{\{{\s*(?P<braces>\w+)\s*\}}\}}", re.DOTALL)
_CELL = re.compile(r"%%?sql\b")


def statements(text: str) -> list[str]:
    """Cut a text at the semicolons that stand in no text, name or comment; a BEGIN block is one statement."""
    if re.match(r"\s*BEGIN\b", text, re.IGNORECASE):
        return [text]
    ends = [match.start() for match in _PARTS.finditer(text) if match["end"]]
    starts = [0, *(end + 1 for end in ends)]
    cut = [text[start:end].strip() for start, end in zip(starts, [*ends, len(text)], strict=True)]
    return [
        statement
        for statement in cut
        if _PARTS.sub(lambda part: "" if part[0][:2] in ("--", "/*") else part[0], statement).strip()
    ]


def asked(statement: str) -> set[str]:
    """Return the names of the values for which a statement asks, as `:name` or `{{name}}`."""
    found = (match["marker"] or match["braces"] for match in _ASKED.finditer(statement))
    return {name for name in found if name}


def with_texts(statement: str, values: Mapping[str, str]) -> str:
    """Return the statement with a quoted text for each value for which it asks.

    The engine's own parameters would do the same, but Delta's parser drops them on Spark Connect (delta-io/delta#7640).
    """

    def put(match: re.Match[str]) -> str:
        name = match["marker"] or match["braces"]
        return match[0] if name is None or name not in values else _quoted(values[name])

    return _ASKED.sub(put, statement)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def sql_cells(text: str, path: Path) -> Iterator[dict[str, Any]]:
    """Yield a code cell for each statement of a file; the last one keeps its result.

    Raises: BundleError when there is none.
    """
    found = statements(text)
    if not found:
        raise BundleError(f"{path}: this file holds no SQL statement; nothing was started")
    for number, statement in enumerate(found, 1):
        first = f"%%sql {KEEP}" if number == len(found) else "%%sql"
        yield {
            "cell_type": "code",
            "metadata": {},
            "source": f"{first}\n{statement}",
            "outputs": [],
            "execution_count": None,
        }


def asked_in(sources: Iterable[str]) -> set[str]:
    """Return the names for which the cells of SQL among these ask."""
    return {name for source in sources if _CELL.match(source) for name in asked(source)}
