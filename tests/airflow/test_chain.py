"""The bundle's own job in Airflow, over real sample days; long, so `make test-airflow` alone asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.record.records import read_record
from bundle_runner.render.airflow import Call, render
from tests.airflow.airflows import PROJECT, Airflow
from tests.airflow.test_run import LAKEHOUSE, dags_test
from tests.bundle.small_bundle import states
from tests.pipeline.story import Story
from tests.shops import running_shop

pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not os.environ.get("AIRFLOW_CHAIN"), reason="half an hour: make test-airflow"),
]
IN_AIRFLOW = {"SUCCESS": "success", "FAILED": "failed", "UPSTREAM_FAILED": "upstream_failed", "EXCLUDED": "skipped"}


@pytest.fixture(scope="module")
def story(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Open a shop, deliver one day, and give Airflow the job."""
    folder = tmp_path_factory.mktemp("chain")
    pipelines = shutil.copytree(
        PROJECT / "pipelines", folder / "pipelines", ignore=shutil.ignore_patterns("samples", "README.md")
    )
    dag = render(load_bundle(PROJECT), "sales_daily", Call(LAKEHOUSE, str(PROJECT), "local"))
    (airflow.home / "dags").mkdir()
    (airflow.home / "dags" / dag.name).write_text(dag.text)
    with running_shop(PROJECT) as client:
        found = Story(folder / "lakehouse", str(client.base_url), pipelines)
        found.deliver("2011-01-04")
        yield found


def in_airflow(airflow: Airflow, story: Story) -> tuple[dict[str, str], str]:
    """Run the job in Airflow; return the state of each task, and the run's."""
    variables = {f"BUNDLE_VAR_{name}": value for name, value in story.variables().items()}
    tasks, state = dags_test(airflow, "sales_daily", **variables)
    return {key: found for key, (found, _) in tasks.items()}, state


def last_states(story: Story) -> dict[str, str]:
    """Return how the tasks of the newest run ended for the runner."""
    return states(read_record(max((story.root / "runs").glob("*/run.json")).parent))


@pytest.fixture(scope="module")
def first(airflow: Airflow, story: Story) -> tuple[dict[str, str], str]:
    """Let the first day go its whole way."""
    return in_airflow(airflow, story)


def test_the_whole_sample_chain_goes_through(first: tuple[dict[str, str], str], story: Story) -> None:
    tasks, state = first
    assert state == "success"
    assert {key for key, found in tasks.items() if found != "success"} == {"has_work.false"}
    assert set(last_states(story).values()) == {"SUCCESS"}
    assert (story.root / "gold" / "daily_sales").is_dir()


def test_a_planted_gate_failure_leaves_the_states_of_the_runner(
    first: tuple[dict[str, str], str], airflow: Airflow, story: Story
) -> None:
    query = Path(story.pipelines) / "gold" / "daily_sales.sql"
    query.write_text(query.read_text().replace("FROM sale_lines", "FROM sale_lines WHERE country_name <> 'EIRE'"))
    story.deliver("2011-01-05")
    tasks, state = in_airflow(airflow, story)
    handed = last_states(story)
    variables = {f"BUNDLE_VAR_{name}": value for name, value in story.variables().items()}
    alone = subprocess.run(
        [LAKEHOUSE, "run", "sales_daily", "--bundle", str(PROJECT)], env={**os.environ, **variables}, check=False
    )
    assert alone.returncode == 3
    assert handed == last_states(story)
    assert {key: tasks[key] for key in handed} == {key: IN_AIRFLOW[found] for key, found in handed.items()}
    assert (handed["gate_gold"], handed["report"], state) == ("FAILED", "FAILED", "failed")
