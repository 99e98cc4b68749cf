"""Whatever the order in which deliveries are processed, and in however many runs: one silver, one gold.

A file was received when it was, whenever it is processed. Pages of the API even arrive in that order: what they hold
says itself what is newer.

TORTURE=1 (make torture) processes a fortnight in twenty orders instead of three days in one.
"""

import random
from pathlib import Path

import pytest

from tests.samples import sample_days
from tests.torture.chain import STEPS, apply_landed
from tests.torture.checksums import checksums
from tests.torture.conftest import TORTURE, Stage, land_days, live
from tests.torture.fortnight import Unit
from tests.torture.world import declare_less

ORDERS = 20 if TORTURE else 1
RUNS = 4 if TORTURE else 2
pytestmark = pytest.mark.timeout(7200)


@pytest.fixture(scope="module")
def in_order(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Process everything as it was received, in one run; the short form looks at the stage that is there."""
    if not TORTURE:
        return stage
    root = tmp_path_factory.mktemp("fortnight") / "lakehouse"
    units = land_days(root, sample_days())
    live(root, STEPS)
    return Stage(units, root, root, root)


def process(batches: list[list[Unit]], root: Path) -> dict[str, str]:
    """Let each run find one batch more; return what silver and gold hold."""
    for number, batch in enumerate(batches):
        for unit in batch:
            unit.land(root)
        assert apply_landed(root, number)
    assert not apply_landed(root, len(batches)), "something was left undone"
    return published(root)


def published(root: Path) -> dict[str, str]:
    """Return the checksums of silver and gold."""
    return {
        name: told for name, told in checksums(root, lineage=False).items() if name.startswith(("silver.", "gold."))
    }


@pytest.mark.parametrize("seed", range(1, ORDERS + 1))
def test_any_order_of_processing_gives_the_same_tables(in_order: Stage, tmp_path: Path, seed: int) -> None:
    dice, units = random.Random(seed), in_order.units
    assert len(units) >= 10
    if not TORTURE:
        declare_less(tmp_path)
    shuffled = [
        unit.received(f"2011-03-01T00:00:{place:06.3f}+00:00") if unit.orders_itself else unit
        for place, unit in enumerate(dice.sample(units, len(units)))
    ]
    cuts = sorted(dice.sample(range(1, len(units)), RUNS - 1))
    batches = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    assert process(batches, tmp_path) == published(in_order.quiet)
