"""A repair and what it mends are judged together, also after a run whose gold gate stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sales_lakehouse.landing import LandingStore
from sales_lakehouse.ledger.statement import Choice, draw_up
from sales_lakehouse.quarantine import Correction, land_repair, records_aside
from tests.chain import Chain

SALES = [
    "540001,A1,MUG,2,2011-01-05 09:00:00,1.50,17850.0,United Kingdom",
    "540001,A2,,1,2011-01-05 09:00:00,2.00,17850.0,United Kingdom",
]


def until_gold_stops(chain: Chain) -> None:
    for step in (chain.land, chain.bronze, chain.silver, chain.gate_silver, chain.gold):
        step()


def repair(chain: Chain) -> None:
    """Name the product of the record that stands aside."""
    (aside,) = records_aside(chain.root, chain.run.pipelines.source("gift_partner"))
    corrections = [Correction(aside, {**aside.values, "Description": "PLATE"})]
    at = datetime(2026, 11, 26, 8, tzinfo=UTC)
    assert land_repair(LandingStore(chain.run.landing_root), "gift_partner", corrections, "form.csv", at)


@pytest.mark.parametrize("stopped", ["the repair", "the delivery"])
def test_what_a_stopped_gold_gate_left_open_keeps_its_repair(spark: SparkSession, tmp_path: Path, stopped: str) -> None:
    chain = Chain(spark, tmp_path / "lakehouse")
    chain.deliver("2011-01-05.csv", *SALES)
    runs = [chain.next(f"r{number}") for number in (1, 2, 3)]
    (until_gold_stops if stopped == "the delivery" else Chain.go)(runs[0])
    repair(chain)
    (until_gold_stops if stopped == "the repair" else Chain.go)(runs[1])
    runs[2].go()
    rows = runs[2].lakehouse.read("silver.sale_lines").select("line_number", "product_name").collect()
    assert sorted(map(tuple, rows)) == [(1, "MUG"), (2, "PLATE")]
    (aside,) = records_aside(chain.root, chain.run.pipelines.source("gift_partner"))
    assert aside.state == "repaired"
    assert draw_up(chain.root, chain.run.pipelines, Choice(), deep=True).closes
