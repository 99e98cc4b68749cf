"""The chain from landed files to gold in one process, step by step as the notebooks call it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from sales_lakehouse.candidates import Candidate, build_candidate, tables_with_work
from sales_lakehouse.contracts import grow_silver
from sales_lakehouse.landing import LandingStore, land_source
from sales_lakehouse.ledger import seal_files
from sales_lakehouse.plan import make_plan
from sales_lakehouse.promotion import close_units, promote_gold, promote_tables, roll_forward
from sales_lakehouse.recording import (
    build_slices,
    note_pending,
    note_units,
    open_units,
    record_units,
    slices_to_rebuild,
    write_books,
)
from sales_lakehouse.reopened import reopen_waiting
from sales_lakehouse.run import Run
from sales_lakehouse.tables import Lakehouse
from tests.conftest import PIPELINES

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
STARTED = datetime(2026, 11, 26, 6, tzinfo=UTC)
LEFT_OUT = (
    "samples",
    "customer_features.*",
    "product_performance.*",
    "euro_partner.yml",
    "online_shop.yml",
    "shop_*.yml",
)
"""One gold table stands for all, one source, too: they are built and promoted alike, and no other delivers here."""
_OF_A_RUN = {"_run_id", "run_id", "noted_at", "_ingested_at", "definition", "received_at", "_sequence"}


def nothing(point: str, table: str) -> None:
    """Let the work go on."""


@dataclass(frozen=True)
class Chain:
    """A lakehouse, and one run over it; `reached` hears of each point of its commits."""

    spark: SparkSession
    root: Path
    run_id: str = "r1"
    started_at: datetime = STARTED
    reached: Callable[[str, str], None] = field(default=nothing)

    def next(self, run_id: str, started_at: datetime | None = None) -> Chain:
        """Return another run over the same lakehouse."""
        return replace(self, run_id=run_id, started_at=started_at or self.started_at)

    @property
    def run(self) -> Run:
        pipelines = self.root.parent / "pipelines"
        if not pipelines.exists():
            shutil.copytree(PIPELINES, pipelines, ignore=shutil.ignore_patterns(*LEFT_OUT))
        places = {
            "lakehouse_root": str(self.root),
            "inbox_root": str(self.root / "inbox"),
            "pipelines_root": str(pipelines),
        }
        return Run.of(
            {"run_id": self.run_id, "started_at": self.started_at.isoformat(), "deliveries": "files", **places}
        )

    @property
    def lakehouse(self) -> Lakehouse:
        return Lakehouse(self.spark, str(self.root), self.run_id, reached=self.reached)

    @property
    def steps(self) -> list[Callable[[], object]]:
        return [self.land, self.bronze, self.silver, self.gate_silver, self.gold, self.gate_gold]

    def go(self) -> None:
        """Run all steps."""
        for step in self.steps:
            step()

    def deliver(self, name: str, *lines: str) -> None:
        """Lay a file of the gift partner into the inbox."""
        folder = self.root / "inbox/gift_partner"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("\n".join([HEADER, *lines, ""]))

    def land(self) -> None:
        land_source(self.run, self.run.pipelines.source("gift_partner"))

    def bronze(self) -> None:
        plan = make_plan(self.run)
        reopen_waiting(self.run, [name for name, units in plan.units.items() if units])
        for name, units in plan.units.items():
            if units:
                record_units(self.lakehouse, self.run, self.run.pipelines.source(name), units)
        note_units(self.lakehouse, self.run, plan.units)

    def silver(self) -> None:
        roll_forward(self.lakehouse, self.run)
        units_df = open_units(self.lakehouse, make_plan(self.run))
        for table, ids in tables_with_work(self.run, units_df).items():
            candidate = build_candidate(self.lakehouse, self.run, self.run.pipelines.silver[table], units_df)
            write_books(self.lakehouse, candidate, units_df.where(units_df.unit_id.isin(ids)))

    def gate_silver(self) -> None:
        units_df = open_units(self.lakehouse, make_plan(self.run))
        silver, work = self.run.pipelines.silver, tables_with_work(self.run, units_df)
        grow_silver(self.lakehouse, self.run.pipelines)
        candidates = [Candidate(self.lakehouse, silver[table], self.run_id) for table in work]
        promote_tables(self.lakehouse, self.run, candidates, units_df)
        note_pending(self.lakehouse, self.run)

    def gold(self) -> None:
        dates = slices_to_rebuild(self.lakehouse, self.run)
        for gold in (gold for gold in self.run.pipelines.gold.values() if dates[gold.table]):
            build_slices(self.lakehouse, self.run, gold, dates[gold.table])

    def gate_gold(self) -> None:
        promote_gold(self.lakehouse, self.run, slices_to_rebuild(self.lakehouse, self.run))
        close_units(self.lakehouse, self.run)
        seal_files(self.root)

    def open_units(self) -> int:
        """Return how many units no published table holds."""
        return len(LandingStore(self.root / "landing").open_units("gift_partner"))

    def checksums(self) -> dict[str, str]:
        """Return of each published table the hash of its sorted rows, without what differs from run to run."""
        tables = sorted(path.parent for path in self.root.glob("*/*/_delta_log"))
        names = [f"{path.parent.name}.{path.name}" for path in tables if path.parent.name != "candidates"]
        logs = {"ops.units", "ops.slices"}  # their rows tell of each attempt
        return {name: _checksum(self.lakehouse.read(name)) for name in names if name not in logs}


def _checksum(rows_df: DataFrame) -> str:
    columns = sorted(name for name in rows_df.columns if name not in _OF_A_RUN)
    rows = sorted(repr(row) for row in rows_df.select(*columns).collect())
    return f"{len(rows)} rows {hashlib.sha256(repr(rows).encode()).hexdigest()[:16]}"
