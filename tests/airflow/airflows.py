"""The versions of Airflow beside the project, each called in its own environment with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
VERSIONS = ("3.0", "3.3")


@dataclass(frozen=True)
class Airflow:
    """One Airflow with a home in a folder of its own: settings, metadata in SQLite, logs. Nothing listens."""

    version: str
    home: Path

    @property
    def python(self) -> Path:
        """Return its Python."""
        return PROJECT / ".airflow-env" / self.version / "bin" / "python"

    def call(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Call a program of its environment and wait for the end."""
        settings = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
            **environment,
        }
        return subprocess.run(
            [str(self.python), *words], env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )

    def look(self, dags: Path) -> Any:
        """Return what it understands of a folder of DAGs."""
        said = self.call(str(PROJECT / "tests" / "airflow" / "look.py"), str(dags))
        assert said.returncode == 0, said.stderr[-3000:]
        return json.loads(said.stdout.splitlines()[-1])


def airflow_or_skip(version: str, home: Path) -> Airflow:
    """Return an Airflow; skip the test, saying so, where it is not set up."""
    found = Airflow(version, home)
    if not found.python.is_file():
        pytest.skip(f"Airflow {version} is not set up here: make airflow")
    return found
