"""One Spark for the whole suite, and the declarations as shipped."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pyspark.sql import SparkSession
from xdist.scheduler.loadscope import LoadScopeScheduling

from sales_lakehouse.session import get_spark
from sales_lakehouse.specs import Pipelines, load_pipelines
from sales_lakehouse.tables import Lakehouse

# How long an example takes depends on who else works on the machine; pytest-timeout ends what hangs.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
PIPELINES = Path(__file__).parents[1] / "pipelines"
WHOLE = ("pipeline", "torture")
"""Folders whose modules share what takes minutes to make."""


@pytest.fixture(scope="session")
def spark() -> SparkSession:
    """Start the local session of the project, in a JVM that has the full compiler: it lives as long as the suite."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setenv("SPARK_DRIVER_JAVA_OPTIONS", "-XX:+UseSerialGC")
        return get_spark()


@pytest.fixture(scope="session")
def pipelines() -> Pipelines:
    """Read every shipped declaration."""
    return load_pipelines(PIPELINES)


@pytest.fixture
def lakehouse(spark: SparkSession, tmp_path: Path) -> Lakehouse:
    """Give an empty lakehouse."""
    return Lakehouse(spark, str(tmp_path / "lakehouse"), "r1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the story of `tests/pipeline` begin first, and torture beside it: they take longest, and small ones fill up."""
    items.sort(
        key=lambda item: next((place for place, name in enumerate(WHOLE) if name in item.path.parts), len(WHOLE))
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Give a worker whole modules, and to one worker the whole of a folder whose modules look at one lakehouse."""
    return _ByModule(config, log)


class _ByModule(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        whole = next((f"tests/{name}" for name in WHOLE if nodeid.startswith(f"tests/{name}/")), None)
        return whole or nodeid.split("::", 1)[0]
