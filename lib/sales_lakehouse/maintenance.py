"""Maintenance: small files put together, old versions and deliveries let go, and the books close as before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from deltalake import DeltaTable

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.landing.retention import applied_before, retire_bytes
from sales_lakehouse.ledger.log import Log, find_tables, folder_of
from sales_lakehouse.ledger.seals import active_files
from sales_lakehouse.run import Run
from sales_lakehouse.tables import Lakehouse

SHORTEST_DAYS = 7
"""Delta's own bound: a reader or writer that began before must not lose its files."""


@dataclass(frozen=True)
class Keep:
    """For how long what is kept. Units: days; None is for good. Older `versions` of a table cannot be read any more."""

    versions: int
    landing: int | None = None
    quarantine: int | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Keep:
        """Turn a notebook's text parameters into days.

        Raises: ParameterError for what is no number of days, or too few for readers that are under way.
        """
        versions = _days(parameters, "keep_versions_days") or 0
        if versions < SHORTEST_DAYS:
            raise ParameterError(
                f"keep_versions_days is {versions}; expected {SHORTEST_DAYS} or more: who reads a table now must not "
                "lose its files; nothing was removed"
            )
        return cls(versions, _days(parameters, "keep_landing_days"), _days(parameters, "keep_quarantine_days"))


@dataclass(frozen=True)
class Upkeep:
    """What maintenance did to one table. Units: files, bytes of the table's whole folder."""

    table: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    version: int


def maintain_table(lakehouse: Lakehouse, table: str, keep: Keep) -> Upkeep:
    """Put a table's small files together, remove files that no kept version needs, and write a checkpoint."""
    root = Path(lakehouse.root)
    files, size = len(active_files(root, table)), _size(folder_of(root, table))
    lakehouse.compact(table)
    lakehouse.vacuum(table, keep.versions * 24)
    log = Log(folder_of(root, table))
    if log.latest > log.checkpoint:
        DeltaTable(log.folder).create_checkpoint()
    now = Log(log.folder).latest
    return Upkeep(table, files, len(active_files(root, table)), size, _size(log.folder), now)


def published_tables(lakehouse: Lakehouse) -> list[str]:
    """Return the tables to maintain; candidates are written anew by each run, and their old files go with them."""
    root = Path(lakehouse.root)
    candidates = sorted(log.parent.name for log in (root / "candidates").glob("*/_delta_log"))
    return [*find_tables(root), *(f"candidates.{name}" for name in candidates)]


def retire_quarantine(lakehouse: Lakehouse, run: Run, keep: Keep) -> dict[str, int]:
    """Delete the quarantined rows of applied units that are older than is kept; return rows by table.

    `ops.balances` goes on to count them: the books tell what was set aside, not what it was.
    """
    if keep.quarantine is None:
        return {}
    return dict(_retired_rows(lakehouse, run, keep.quarantine))


def retire_landing(run: Run, keep: Keep) -> dict[str, int]:
    """Remove the bytes of applied files that are older than is kept; return units by source."""
    if keep.landing is None:
        return {}
    store, before = LandingStore(run.landing_root), run.started_at - timedelta(days=keep.landing)
    noted = {"run_id": run.run_id, "retired_at": run.started_at.isoformat()}
    return {source: len(retire_bytes(store, source, before, noted)) for source in store.sources()}


def _retired_rows(lakehouse: Lakehouse, run: Run, days: int) -> Iterator[tuple[str, int]]:
    store, before = LandingStore(run.landing_root), run.started_at - timedelta(days=days)
    for name, source in run.pipelines.sources.items():
        table = f"quarantine.{source.silver.table}"
        ids = [unit.unit_id for unit in applied_before(store, name, before)]
        if ids and lakehouse.exists(table):
            listed = ", ".join(f"'{unit_id}'" for unit_id in ids)
            yield f"{table} of {name}", lakehouse.delete(table, f"source = '{name}' AND _unit_id IN ({listed})")


def _days(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name, "").strip()
    if text and not text.isdecimal():
        raise ParameterError(f"{name} is {text[:40]!r}; expected a number of days, or nothing to keep all for good")
    return int(text) if text else None


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
