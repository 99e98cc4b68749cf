"""Whatever fails at whichever commit: the same work again gives the same tables.

What is on disk before a commit is what was there after the one before it: the work fails there, too, with TORTURE=1
(make torture).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sales_lakehouse.errors import LakehouseError, StorageError
from sales_lakehouse.plan import make_plan
from sales_lakehouse.tables import Lakehouse
from tests.chain import STARTED, Chain
from tests.small_disk import SmallDisk, small_disk

TORTURE = bool(os.environ.get("TORTURE"))
FIRST = [
    "540001,A1,MUG,2,2011-01-05 09:00:00,1.50,17850.0,United Kingdom",
    "540001,A2,,1,2011-01-05 09:00:00,2.00,17850.0,United Kingdom",
    "540002,B1",
]
SECOND = [
    "540010,A1,MUG,4,2011-01-06 09:00:00,1.50,17850.0,United Kingdom",
    "540011,A2,,1,2011-01-06 09:00:00,2.00,17850.0,United Kingdom",
]
CORRECTED = [
    "540001,A1,MUG,3,2011-01-05 09:00:00,1.50,17850.0,United Kingdom",
    "540003,A2,PLATE,2,2011-01-05 12:00:00,2.00,13047.0,France",
]


class Failed(Exception):
    """The process dies here."""


@dataclass
class Once:
    """Let the work fail the first time that it reaches each point of each table."""

    left_out: str | None = None if TORTURE else "before commit"
    met: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, point: str, table: str) -> None:
        if point != self.left_out and (point, table) not in self.met:
            self.met.append((point, table))
            raise Failed(f"{point} {table}")


@dataclass
class There:
    """Let the work fail at one point of one table, while it is armed."""

    point: str
    table: str
    armed: bool = False

    def __call__(self, point: str, table: str) -> None:
        if self.armed and (point, table) == (self.point, self.table):
            raise Failed(f"{point} {table}")


def again_until_done(step: Callable[[], object]) -> int:
    for failures in range(40):
        try:
            step()
        except Failed:
            continue
        return failures
    raise AssertionError("the step never ends")


def deliver_first(chain: Chain) -> None:
    """Deliver two days, and one of them once more, corrected, before anybody has read it."""
    chain.deliver("2011-01-05.csv", *FIRST)
    chain.land()
    chain.deliver("2011-01-05.csv", *CORRECTED)
    chain.deliver("2011-01-06.csv", *SECOND)


@pytest.fixture(scope="module")
def judged(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """Give a lakehouse in which silver's candidates stand, to be copied."""
    chain = Chain(spark, tmp_path_factory.mktemp("judged") / "lakehouse")
    deliver_first(chain)
    for step in chain.steps[:3]:
        step()
    return chain


def copied(chain: Chain, folder: Path) -> Chain:
    shutil.copytree(chain.root.parent, folder, dirs_exist_ok=True)
    return replace(chain, root=folder / chain.root.name)


@pytest.fixture(scope="module")
def undisturbed(judged: Chain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    chain = copied(judged, tmp_path_factory.mktemp("undisturbed"))
    for step in chain.steps[3:]:
        step()
    return chain.checksums()


def test_each_step_fails_at_each_of_its_commits_and_loses_each_answer(
    spark: SparkSession, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    once = Once()
    chain = Chain(spark, tmp_path / "lakehouse", reached=once)
    deliver_first(chain)
    failures = sum(again_until_done(step) for step in chain.steps)
    assert chain.checksums() == undisturbed
    assert failures == len(once.met)
    written = {table for point, table in once.met if point == "after commit"}
    assert written >= {"bronze.gift_partner", "quarantine.sale_lines", "silver.sale_lines", "gold.daily_sales"}
    assert written >= {"ops.balances", "ops.pending_references", "ops.slices", "ops.superseded", "ops.units"}
    assert {point for point, table in once.met if table == "ops.promotion"} == {"after intent", "before end of intent"}
    assert chain.open_units() == 0


PROMOTION = [
    ("after intent", "ops.promotion"),
    ("after commit", "silver.sale_lines"),
    ("after commit", "gold.daily_sales"),
]


def die_there(chain: Chain, there: There) -> None:
    """Run until the point is reached in one of the gates that promote."""
    run = replace(chain, reached=there)
    for step in run.steps:
        there.armed = step in (run.gate_silver, run.gate_gold)
        step()


def test_what_runs_left_half_promoted_the_next_one_finishes_also_when_the_clock_went_back(
    spark: SparkSession, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    chain = Chain(spark, tmp_path / "lakehouse")
    chain.deliver("2011-01-05.csv", *FIRST)
    chain.deliver("2011-01-06.csv", *SECOND)
    for number, (point, table) in enumerate(PROMOTION):
        with pytest.raises(Failed, match=f"^{point} {table}$"):
            die_there(chain.next(f"r{number}", STARTED - timedelta(days=number)), There(point, table))
        chain.deliver("2011-01-05.csv", *(FIRST if number % 2 else CORRECTED))
    chain.next("last", STARTED - timedelta(days=9)).go()
    assert make_plan(chain.next("after").run).work == 0
    assert published(chain.checksums()) == published(undisturbed)


@pytest.mark.parametrize("trouble", ["full", "read only"])
def test_a_disk_that_refuses_promotion_is_named_and_the_next_run_heals(
    judged: Chain, tmp_path: Path, undisturbed: dict[str, str], trouble: str
) -> None:
    for disk in small_disk(tmp_path, megabytes=32):
        chain = copied(judged, disk.folder)
        disk.fill() if trouble == "full" else disk.read_only()
        words = "No space left on device" if trouble == "full" else "Read-only file system"
        with pytest.raises(LakehouseError, match=rf"{disk.folder}/lakehouse/ops/.*: .*{words}"):
            chain.gate_silver()
        disk.free()
        assert not chain.lakehouse.exists("silver.sale_lines")
        chain.next("r2").go()
        assert published(chain.checksums()) == published(undisturbed)


def test_a_table_that_a_full_disk_refuses_is_named_and_stays_as_it_was(spark: SparkSession, tmp_path: Path) -> None:
    for disk in small_disk(tmp_path, megabytes=32):
        small_df = spark.range(3)
        lakehouse = Lakehouse(spark, f"{disk.folder}", "r1")
        lakehouse.append("bronze.numbers", small_df, "1")

        def fill(point: str, table: str, disk: SmallDisk = disk) -> None:
            if point == "before commit":
                disk.fill()

        told = rf"table bronze\.numbers under {disk.folder}: No space left on device; .*nothing was promoted half"
        with pytest.raises(StorageError, match=told):
            replace(lakehouse, reached=fill).append("bronze.numbers", small_df, "2")
        disk.free()
        assert lakehouse.read("bronze.numbers").count() == 3
        lakehouse.append("bronze.numbers", small_df, "2")
        assert lakehouse.read("bronze.numbers").count() == 6


def published(tables: dict[str, str]) -> dict[str, str]:
    return {name: told for name, told in tables.items() if name.startswith(("silver.", "gold."))}
