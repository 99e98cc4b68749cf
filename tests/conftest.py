"""One Spark for the whole suite, and the declarations as shipped."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sales_lakehouse.session import get_spark
from sales_lakehouse.specs import Pipelines, load_pipelines
from sales_lakehouse.tables import Lakehouse

PIPELINES = Path(__file__).parents[1] / "pipelines"


@pytest.fixture(scope="session")
def spark() -> SparkSession:
    """Start the local session of the project."""
    session = get_spark()
    # Frames of a few rows: compiling their plans would take longer than running them.
    session.conf.set("spark.sql.codegen.wholeStage", "false")
    session.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    return session


@pytest.fixture(scope="session")
def pipelines() -> Pipelines:
    """Read every shipped declaration."""
    return load_pipelines(PIPELINES)


@pytest.fixture
def lakehouse(spark: SparkSession, tmp_path: Path) -> Lakehouse:
    """Give an empty lakehouse."""
    return Lakehouse(spark, str(tmp_path / "lakehouse"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest tests begin first: with two workers, the others run beside them."""
    items.sort(key=lambda item: "pipeline" not in item.path.parts)
