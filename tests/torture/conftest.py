"""Three days of deliveries, lived through undisturbed once: for what comes in another order, and for what dies.

TORTURE=1 (make torture) lives through them with every source and table that is declared.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.samples import sample_days
from tests.torture.chain import STEPS, parameters_of, run_cells
from tests.torture.fortnight import Unit, units_of
from tests.torture.world import cut_samples, declare_less, pipelines_of

TORTURE = bool(os.environ.get("TORTURE"))
GATES = STEPS[STEPS.index("35_gate_silver") :]


@dataclass(frozen=True)
class Stage:
    """Deliveries as they were received, and three lakehouses: they have landed, silver's candidates stand, all is done."""

    units: list[Unit]
    landed: Path
    judged: Path
    quiet: Path


@pytest.fixture(scope="session")
def stage(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Land three days, late orders and corrected files among them, and process them in one run."""
    folder = tmp_path_factory.mktemp("stage")
    landed = folder / "landed/lakehouse"
    if not TORTURE:
        declare_less(landed)
    units = land_days(landed, sample_days()[:3])
    judged = copied(landed, folder / "judged")
    live(judged, STEPS[: STEPS.index(GATES[0])])
    quiet = copied(judged, folder / "quiet")
    live(quiet, GATES)
    return Stage(units, landed, judged, quiet)


def land_days(root: Path, days: Sequence[str]) -> list[Unit]:
    """Land in order what the declared sources deliver in some days."""
    samples = cut_samples(root.parent / "bundle", tuple(days)) / "pipelines/samples/online-retail"
    declared = {path.stem for path in (pipelines_of(root) / "sources").glob("*.yml")}
    units = [unit for unit in units_of(samples, seed=1) if unit.manifest.source in declared]
    for unit in sorted(units, key=lambda unit: unit.received_at):
        unit.land(root)
    return units


def copied(root: Path, folder: Path) -> Path:
    """Copy a lakehouse; return its folder."""
    return Path(shutil.copytree(root, folder / "lakehouse"))


def live(root: Path, steps: tuple[str, ...]) -> None:
    """Let the first run, or a repair of it, go these steps."""
    for step in steps:
        run_cells(step, parameters_of(root, 1))
