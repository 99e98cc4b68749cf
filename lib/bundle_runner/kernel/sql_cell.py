"""Cells that begin with `%sql`: their statements run by `spark.sql`, the last result is shown and kept as `_sqldf`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bundle_runner.notebooks.sql import KEEP, asked, statements, with_texts

ROWS = 20
KEPT = 1000
RESULT = "result.json"
"""Where task_facts.py looks for it."""
_FIRST = re.compile(r"%sql\b[ \t]*")


def offer(shell: Any) -> None:
    """Teach a kernel the cells that begin with `%sql` or `%%sql`."""
    widgets = shell.user_ns["dbutils"].widgets

    def sql(line: str, cell: str) -> None:
        spark, values = shell.user_ns["spark"], widgets.getAll()
        for statement in statements(cell):
            shell.user_ns["_sqldf"] = run(spark, statement, values)
        result = shell.user_ns["_sqldf"]
        if line.strip() == KEEP:
            result = kept(spark, result, Path(os.environ["BUNDLE_TASK_DIR"], RESULT))
        if result.columns:
            result.show(ROWS, truncate=80)

    shell.register_magic_function(sql, "cell", "sql")
    shell.input_transformers_cleanup.append(_as_cell_magic)


def run(spark: Any, statement: str, values: Mapping[str, str]) -> Any:
    """Run a statement with the values for which it asks.

    Raises: LookupError naming those that nobody gave.
    """
    names = asked(statement)
    if missing := sorted(names - values.keys()):
        raise LookupError(
            f"the statement asks for {', '.join(missing)}, and neither the task nor the job gives "
            f"{'it' if len(missing) == 1 else 'them'}"
        )
    return spark.sql(with_texts(statement, values))


def kept(spark: Any, result: Any, target: Path) -> Any:
    """Write the first rows of a result into a file and return them as a frame: what made it does not run again."""
    rows = result.take(KEPT + 1) if result.columns else []
    content = {
        "columns": result.columns,
        "rows": [row.asDict(recursive=True) for row in rows[:KEPT]],
        "more": len(rows) > KEPT,
    }
    target.write_text(json.dumps(content, ensure_ascii=False, default=str), encoding="utf-8")
    return spark.createDataFrame(rows[:KEPT], result.schema) if result.columns else result


def _as_cell_magic(lines: list[str]) -> list[str]:
    """Write `%sql SELECT …`, which Databricks knows, as IPython's `%%sql`."""
    first = _FIRST.match(lines[0]) if lines else None
    return ["%%sql\n", lines[0][first.end() :], *lines[1:]] if first else lines
