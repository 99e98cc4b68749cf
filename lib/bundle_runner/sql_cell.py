"""Cells that begin with `%sql`: their statements run by `spark.sql`, the last result is shown and kept as `_sqldf`."""

from __future__ import annotations

import re
from typing import Any

ROWS = 20
_PARTS = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|--[^\n]*|/\*.*?\*/|(?P<end>;)""", re.DOTALL)
_FIRST = re.compile(r"%sql\b[ \t]*")


def statements(text: str) -> list[str]:
    """Cut a cell at the semicolons that stand in no text, name or comment; a BEGIN block is one statement."""
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


def offer(shell: Any) -> None:
    """Teach a kernel the cells that begin with `%sql` or `%%sql`."""

    def sql(_line: str, cell: str) -> None:
        for statement in statements(cell):
            shell.user_ns["_sqldf"] = shell.user_ns["spark"].sql(statement)
        if shell.user_ns["_sqldf"].columns:
            shell.user_ns["_sqldf"].show(ROWS, truncate=80)

    shell.register_magic_function(sql, "cell", "sql")
    shell.input_transformers_cleanup.append(_as_cell_magic)


def _as_cell_magic(lines: list[str]) -> list[str]:
    """Write `%sql SELECT …`, which Databricks knows, as IPython's `%%sql`."""
    first = _FIRST.match(lines[0]) if lines else None
    return ["%%sql\n", lines[0][first.end() :], *lines[1:]] if first else lines
