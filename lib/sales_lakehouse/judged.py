"""Which rules all published rows of a silver table keep: a gate that knows it judges what changes, not the history."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sales_lakehouse.files import read_json, write_json
from sales_lakehouse.run import Run
from sales_lakehouse.specs import SilverSpec


def is_judged(run: Run, table: SilverSpec) -> bool:
    """Tell whether every published row of a silver table kept today's rules when a gate last judged it."""
    return read_json(_path(run.lakehouse_root)).get(table.table) == table.definition


def note_judged(run: Run, tables: Iterable[SilverSpec]) -> None:
    """Note that every published row of silver tables keeps today's rules."""
    path = _path(run.lakehouse_root)
    write_json(path, {**read_json(path), **{table.table: table.definition for table in tables}})


def forget_judged(run: Run, tables: Iterable[SilverSpec]) -> None:
    """Forget under which other rules silver tables were judged: rows that only today's let pass are about to come."""
    _forget(run.lakehouse_root, {table.table for table in tables if not is_judged(run, table)})


def forget_table(root: str | Path, name: str) -> None:
    """Forget what was judged of a table (silver.sale_lines) to which others wrote: no gate saw their rows."""
    _forget(root, {name.removeprefix("silver.")})


def _forget(root: str | Path, tables: set[str]) -> None:
    noted = read_json(_path(root))
    if tables & noted.keys():
        write_json(_path(root), {table: rules for table, rules in noted.items() if table not in tables})


def _path(root: str | Path) -> Path:
    return Path(root) / "ops" / "judged.json"
