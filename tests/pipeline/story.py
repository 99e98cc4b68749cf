"""Run the shipped job as a user does, and remember what each run left behind."""

import hashlib
import io
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from bundle_runner.bundle.load import load_bundle
from bundle_runner.cli.last_lines import Commands, last_lines
from bundle_runner.cli.screen import PlainScreen
from bundle_runner.plan.prepare import prepare
from bundle_runner.run.execute import Run
from bundle_runner.spark.cluster import Clusters
from bundle_runner.spark.jvm import spark_environment

BUNDLE = Path(__file__).parents[2]
LAKEHOUSE = Path(sys.executable).with_name("lakehouse")
PUBLISHED = ("bronze", "silver", "gold", "quarantine")


@dataclass(frozen=True)
class Outcome:
    """One run: its exit code, its screen, and the published files after it by content."""

    exit_code: int
    screen: str
    files: dict[str, str]

    def published(self, *layers: str) -> dict[str, str]:
        """Return path and hash of every file of the layers."""
        return {path: digest for path, digest in self.files.items() if path.split("/")[0] in layers}

    @property
    def last_lines(self) -> str:
        """Return what the user reads last."""
        return self.screen.rpartition("\n\n")[2]


@dataclass(frozen=True)
class Story:
    """A lakehouse, an inbox and a shop; `run` runs the job once."""

    root: Path
    shop_url: str
    pipelines: Path

    @property
    def inbox(self) -> Path:
        """Return where partners drop their files."""
        return self.root / "inbox"

    def deliver(self, date: str) -> None:
        """Drop the partners' files up to a date."""
        options = ["--inbox", f"{self.inbox}", "--date", date, "--bundle", f"{BUNDLE}"]
        subprocess.run([LAKEHOUSE, "simulate", "partner-files", *options], check=True, capture_output=True)

    def variables(self) -> dict[str, str]:
        """Return the bundle's variables of this story."""
        return {
            "lakehouse_root": f"{self.root}",
            "pipelines_root": f"{self.pipelines}",
            "shop_api_url": self.shop_url,
        }

    def command(self, *words: str) -> str:
        """Call `lakehouse` over this story's lakehouse; return what it prints."""
        variables = {f"BUNDLE_VAR_{name}": value for name, value in self.variables().items()}
        command = [LAKEHOUSE, *words, "--bundle", f"{BUNDLE}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **variables})
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run_on(self, clusters: Clusters) -> Outcome:
        """Run `sales_daily` once on a cluster that is up already."""
        plan = prepare(load_bundle(BUNDLE, None, self.variables()), "sales_daily", {})
        with redirect_stdout(io.StringIO()) as screen:
            record = Run(plan, PlainScreen(30), clusters).execute()
            print("\n".join(last_lines(record, plan.folder, Commands("", ""))))
        return Outcome(record.exit_code or 0, screen.getvalue(), _hashes(self.root))

    def run(self) -> Outcome:
        """Run `sales_daily` once, as a process of its own."""
        given = [option for name, value in self.variables().items() for option in ("--var", f"{name}={value}")]
        command = [LAKEHOUSE, "run", "sales_daily", "--bundle", f"{BUNDLE}", *given]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})
        return Outcome(done.returncode, done.stdout + done.stderr, _hashes(self.root))


def warm_clusters(folder: Path) -> Clusters:
    """Return clusters that outlive a run: what a JVM has learned in one run, it knows in the next.

    It has the full compiler, which pays over seven runs: 356 s for the story instead of 420 s.
    """
    return Clusters({**spark_environment(os.environ), "SPARK_DRIVER_JAVA_OPTIONS": "-XX:+UseSerialGC"}, folder)


def _hashes(root: Path) -> dict[str, str]:
    paths = (path for layer in PUBLISHED for path in sorted((root / layer).rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
