"""Each version of Airflow that stands beside the project."""

from __future__ import annotations

import pytest

from tests.airflow.airflows import VERSIONS, Airflow, airflow_or_skip


@pytest.fixture(scope="module", params=VERSIONS)
def airflow(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Give one Airflow after the other, each with a fresh home."""
    return airflow_or_skip(request.param, tmp_path_factory.mktemp(f"airflow-{request.param}"))
