"""The whole job under SIGKILL: nine kills of kernel, Spark, runner, and all at once; afterwards nothing is amiss.

The long form rolls its dice hundreds of times: `make torture-kills` (tests/torture/kills.py).
"""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.torture.episode import episode_of, staged
from tests.torture.strikes import Kill

# Steps that have retries go on in the same run; after the others the next run, or a repair, finishes.
KILLS = [
    Kill("land", "kernel", 0.5),
    Kill("plan", "runner", 0.7),
    Kill("bronze", "jvm", after="bronze/gift_partner"),
    Kill("gate_bronze", "kernel", 0.5),
    Kill("silver", "kernel", after="candidates/sale_lines"),
    Kill("gate_silver", "all", after="silver/products"),
    Kill("gold", "jvm", 0.5),
    Kill("gate_gold", "all", after="gold/daily_sales"),
    Kill("report", "runner", 0.5),
]
pytestmark = pytest.mark.timeout(3600)


def test_whatever_is_killed_the_tables_come_to_the_same(spark: SparkSession, tmp_path: Path) -> None:
    """A repair does what a dead run had not done; the long form mostly runs anew, which takes longer."""
    with staged(tmp_path, begun=False, less=True) as stage:
        story = replace(episode_of(stage, tmp_path / "killed", 1, KILLS), repairs_pct=100).live_through()
    assert story.found == [], story
    assert len(story.struck) >= 7, story
    assert {code for _, code in story.exits[:-1]} <= {1, -9}, story
