"""Whatever the order in which deliveries are processed, and in however many runs: one silver, one gold.

A file was received when it was, whenever it is processed. Pages of the API even arrive in that order: what they hold
says itself what is newer.

TORTURE=1 (make torture) processes a fortnight in twenty orders instead of three days in one.
"""

import os
import random
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.samples import sample_days
from tests.torture.chain import apply_landed
from tests.torture.checksums import checksums
from tests.torture.fortnight import Unit, units_of
from tests.torture.world import cut_samples

TORTURE = bool(os.environ.get("TORTURE"))
DAYS = sample_days() if TORTURE else sample_days()[:3]
ORDERS = 20 if TORTURE else 1
RUNS = 4 if TORTURE else 2
pytestmark = pytest.mark.timeout(7200)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> list[Unit]:
    bundle = cut_samples(tmp_path_factory.mktemp("samples"), tuple(DAYS))
    units = units_of(bundle / "pipelines/samples/online-retail", seed=1)
    assert len(units) > 3 * len(DAYS)
    return units


@pytest.fixture(scope="module")
def in_order(spark: SparkSession, units: list[Unit], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Process everything as it was received, in one run."""
    return process([sorted(units, key=lambda unit: unit.received_at)], tmp_path_factory.mktemp("in_order"))


def process(batches: list[list[Unit]], root: Path) -> dict[str, str]:
    """Let each run find one batch more; return the checksums of silver and gold."""
    for number, batch in enumerate(batches):
        for unit in batch:
            unit.land(root)
        assert apply_landed(root, number)
    assert not apply_landed(root, len(batches)), "something was left undone"
    return {
        name: told for name, told in checksums(root, lineage=False).items() if name.startswith(("silver.", "gold."))
    }


@pytest.mark.parametrize("seed", range(1, ORDERS + 1))
def test_any_order_of_processing_gives_the_same_tables(
    units: list[Unit], in_order: dict[str, str], tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    shuffled = [
        unit.received(f"2011-03-01T00:00:{place:06.3f}+00:00") if unit.orders_itself else unit
        for place, unit in enumerate(dice.sample(units, len(units)))
    ]
    cuts = sorted(dice.sample(range(1, len(units)), RUNS - 1))
    batches = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    assert process(batches, tmp_path) == in_order
