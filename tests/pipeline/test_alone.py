"""Each notebook opens and runs by itself under the papermill command after the chain has run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bundle_runner.spark.cluster import Clusters, ClusterSpec
from tests.notebooks.test_conventions import NOTEBOOKS
from tests.pipeline.story import BUNDLE, Story

*OF_THE_CHAIN, MAINTENANCE = NOTEBOOKS
pytestmark = [pytest.mark.timeout(3600), pytest.mark.usefixtures("runs")]
BIN = Path(sys.executable).parent
# What a kernel needs to use the story's Spark: nine JVMs of their own would take minutes. One test has its own.
JOIN = "import os; from bundle_runner.spark.joining import join; join(int(os.environ['DOOR_PORT']), os.environ['DOOR_SECRET'])"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Describe a kernel that joins the JVM behind a door; return the folder in which Jupyter finds it."""
    folder = tmp_path_factory.mktemp("jupyter")
    (folder / "kernels/joined").mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", f"--IPKernelApp.exec_lines={JOIN}"]
    spec = {"argv": argv, "display_name": "joined", "language": "python"}
    (folder / "kernels/joined/kernel.json").write_text(json.dumps(spec))
    return folder


def places(variables: dict[str, str]) -> dict[str, str]:
    """Say where everything is as a user would: by the bundle's variables."""
    return {**os.environ, **{f"BUNDLE_VAR_{name}": value for name, value in variables.items()}}


@pytest.mark.parametrize("notebook", OF_THE_CHAIN, ids=lambda path: path.stem)
def test_a_notebook_runs_alone(story: Story, clusters: Clusters, kernel: Path, tmp_path: Path, notebook: Path) -> None:
    run_alone(notebook, story.variables(), clusters, kernel, tmp_path)


def test_maintenance_runs_alone(story: Story, clusters: Clusters, kernel: Path, tmp_path: Path) -> None:
    """Over gold as the chain left it: each of the other twenty tables takes as long."""
    shutil.copytree(story.root / "gold", tmp_path / "lakehouse/gold")
    variables = {**story.variables(), "lakehouse_root": f"{tmp_path / 'lakehouse'}"}
    said = run_alone(MAINTENANCE, variables, clusters, kernel, tmp_path)
    assert "4 tables: " in said


def run_alone(notebook: Path, variables: dict[str, str], clusters: Clusters, kernel: Path, folder: Path) -> str:
    """Run a notebook under papermill on the story's Spark; return it as executed."""
    cluster = clusters.get(ClusterSpec("main"))
    door = cluster.enter(notebook.stem)
    given = {"JUPYTER_PATH": f"{kernel}", "DOOR_PORT": f"{door['port']}", "DOOR_SECRET": f"{door['secret']}"}
    command = [BIN / "papermill", notebook, folder / "out.ipynb", "--no-progress-bar", "-k", "joined"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=BUNDLE / "notebooks",
        env={**places(variables), **given},
        check=False,
    )
    cluster.leave(notebook.stem)
    assert done.returncode == 0, done.stderr[-2000:]
    said = (folder / "out.ipynb").read_text()
    assert "end of notebook" in said
    return said


def test_a_notebook_says_again_what_its_kept_summary_says(story: Story) -> None:
    command = [BIN / "pytest", "--nbval-lax", "-p", "no:cacheprovider", NOTEBOOKS[0]]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=BUNDLE, env=places(story.variables()), check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_notebook_without_its_input_says_what_to_run_first(tmp_path: Path) -> None:
    command = [BIN / "papermill", NOTEBOOKS[6], tmp_path / "out.ipynb", "--no-progress-bar"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=BUNDLE / "notebooks",
        env=places({"lakehouse_root": f"{tmp_path}/empty"}),
        check=False,
    )
    assert done.returncode == 1
    assert "table silver.sale_lines does not exist" in done.stderr
    assert "`lakehouse run sales_daily` makes it" in done.stderr
