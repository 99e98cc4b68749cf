"""Each notebook opens and runs by itself under the papermill command after one run of the chain."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.notebooks.test_conventions import NOTEBOOKS
from tests.pipeline.story import BUNDLE, Story
from tests.shops import make_bundle, running_shop

# The first test waits for a run of the whole chain.
pytestmark = pytest.mark.timeout(1800)
PAPERMILL = Path(sys.executable).with_name("papermill")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Run the chain once over one day."""
    folder = tmp_path_factory.mktemp("alone")
    with running_shop(make_bundle(folder / "shop", ["2011-01-04"])) as client:
        story = Story(folder / "lakehouse", str(client.base_url), BUNDLE / "pipelines")
        story.deliver("2011-01-04")
        outcome = story.run()
        assert outcome.exit_code == 0, outcome.screen
        yield story


@pytest.fixture(scope="module")
def results(story: Story) -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """Run every notebook with no parameter at all; the bundle's variables say where the lakehouse is."""
    given = {f"BUNDLE_VAR_{name}": value for name, value in story.variables().items()}

    def run(notebook: Path) -> subprocess.CompletedProcess[str]:
        command = [PAPERMILL, notebook, story.root / notebook.name, "--no-progress-bar"]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=BUNDLE / "notebooks", env={**os.environ, **given}, check=False
        )

    with ThreadPoolExecutor(2) as pool:
        yield {notebook.stem: pool.submit(run, notebook) for notebook in NOTEBOOKS}


@pytest.mark.parametrize("notebook", [path.stem for path in NOTEBOOKS])
def test_a_notebook_runs_alone(
    results: dict[str, Future[subprocess.CompletedProcess[str]]], story: Story, notebook: str
) -> None:
    done = results[notebook].result()
    assert done.returncode == 0, done.stderr[-2000:]
    assert "end of notebook" in (story.root / f"{notebook}.ipynb").read_text()


def test_a_notebook_without_its_input_says_what_to_run_first(tmp_path: Path) -> None:
    given = {"BUNDLE_VAR_lakehouse_root": f"{tmp_path}/empty"}
    command = [PAPERMILL, NOTEBOOKS[6], tmp_path / "out.ipynb", "--no-progress-bar"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=BUNDLE / "notebooks", env={**os.environ, **given}, check=False
    )
    assert done.returncode == 1
    assert "table silver.sale_lines does not exist" in done.stderr
    assert "`lakehouse run sales_daily` makes it" in done.stderr
