"""Kernels prepared ahead: what they import and know before their attempt, and that none outlives the run."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from bundle_runner.run.execute import Run
from tests.bundle.small_bundle import SmallBundle, alive, by_key, states, task

IMPORTED = """
import json, os, sys
from pathlib import Path

print("said at import")
seen = {"folder": os.getcwd(), "colour": os.environ["COLOUR"], "attempt": os.environ.get("BUNDLE_TASK_DIR")}
Path(os.environ["SEEN"], f"{os.getpid()}.json").write_text(json.dumps(seen))
"""
UNTIL_SEEN = (
    "import time\nfrom pathlib import Path\nwhile len(list(Path('seen').glob('*.json'))) < {}: time.sleep(0.05)"
)


class Ahead:
    """A bundle whose notebooks can import the module `ahead`, which writes down where and when it was imported."""

    def __init__(self, bundle: SmallBundle) -> None:
        self.bundle = bundle
        self.modules = bundle.folder / "modules"
        self.seen = bundle.folder / "seen"
        self.modules.mkdir()
        self.seen.mkdir()
        self.module("ahead", IMPORTED)

    def module(self, name: str, source: str) -> None:
        (self.modules / f"{name}.py").write_text(source)

    def job(self, *tasks: dict[str, Any], **job: Any) -> None:
        variables = {"PYTHONPATH": str(self.modules), "SEEN": str(self.seen), "COLOUR": "blue"}
        clusters = [{"job_cluster_key": "main", "new_cluster": {"spark_env_vars": variables}}]
        for one in tasks:
            body = one.get("for_each_task", {}).get("task", one)
            body.update({"job_cluster_key": "main"} if "notebook_task" in body else {})
        self.bundle.job(*tasks, job_clusters=clusters, **job)

    def waits(self, kernels: int, *cells: str) -> dict[str, Any]:
        return task("first", self.bundle.notebook("first", UNTIL_SEEN.format(kernels), *cells), timeout_seconds=60)

    @property
    def kernels(self) -> list[int]:
        return [int(path.stem) for path in self.seen.glob("*.json")]


@pytest.fixture
def ahead(bundle: SmallBundle) -> Ahead:
    return Ahead(bundle)


def test_the_next_kernel_imports_before_the_present_task_ends_and_learns_its_attempt_later(ahead: Ahead) -> None:
    second = ahead.bundle.notebook(
        "second",
        "import ahead",
        "import json, os\nfrom pathlib import Path\nseen = json.loads(Path(f'seen/{os.getpid()}.json').read_text())",
        "assert seen == {'folder': os.getcwd(), 'colour': 'blue', 'attempt': None}, seen",
        "assert os.environ['BUNDLE_TASK_DIR'].endswith('tasks/second/attempt_1')\nassert day == '2011-01-04'",
        "assert 'PYSPARK_GATEWAY_PORT' not in os.environ",
        parameters='day = ""',
    )
    ahead.job(ahead.waits(1), task("second", second, "first", values={"day": "2011-01-04"}))
    record = ahead.bundle.run()
    assert states(record) == {"first": "SUCCESS", "second": "SUCCESS"}, [t.message for t in record.tasks]
    executed = ahead.bundle.folder / ".state/runs" / record.run_id / str(by_key(record)["second"].attempts[0].notebook)
    assert "said at import" not in str([cell["outputs"] for cell in _code_cells(executed)])


def _code_cells(executed: Path) -> list[dict[str, Any]]:
    cells = [cell for cell in json.loads(executed.read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells
    return cells


def test_iterations_take_prepared_kernels(ahead: Ahead) -> None:
    each = ahead.bundle.notebook(
        "each",
        "import ahead",
        "import json, os\nfrom pathlib import Path\nseen = json.loads(Path(f'seen/{os.getpid()}.json').read_text())",
        "assert seen['attempt'] is None\nassert item in 'ab'",
        parameters='item = ""',
    )
    loop = {"inputs": '["a", "b"]', "concurrency": 2, "task": task("one", each, values={"item": "{{input}}"})}
    loop["task"].pop("depends_on")
    ahead.job(ahead.waits(2), {"task_key": "loop", "depends_on": [{"task_key": "first"}], "for_each_task": loop})
    record = ahead.bundle.run()
    assert states(record) == {"first": "SUCCESS", "loop": "SUCCESS"}, [t.message for t in record.tasks]
    assert len(ahead.kernels) == 2


def test_a_module_that_cannot_be_imported_is_reported_by_its_cell(ahead: Ahead) -> None:
    ahead.module("broken", "import ahead\nraise RuntimeError('no such luck')")
    second = ahead.bundle.notebook("second", "import broken", "x = 1")
    ahead.job(ahead.waits(1), task("second", second, "first"))
    record = ahead.bundle.run()
    assert states(record) == {"first": "SUCCESS", "second": "FAILED"}
    assert by_key(record)["second"].message == "cell 1: RuntimeError: no such luck"
    assert len(ahead.kernels) == 1, "its kernel was prepared all the same"


def test_a_kernel_that_died_while_it_waited_is_replaced(ahead: Ahead) -> None:
    ahead.module("deadly", "import ahead, os\nif not ahead.seen['attempt']: os._exit(3)")
    second = ahead.bundle.notebook("second", "import deadly", "x = 1")
    ahead.job(ahead.waits(1, "time.sleep(0.5)"), task("second", second, "first"))
    record = ahead.bundle.run()
    assert states(record) == {"first": "SUCCESS", "second": "SUCCESS"}, by_key(record)["second"].message
    assert len(by_key(record)["second"].attempts) == 1
    assert len(ahead.kernels) == 2


def test_what_an_earlier_task_may_still_change_is_not_imported_ahead(ahead: Ahead) -> None:
    (ahead.bundle.folder / "made.py").write_text("when = 'before'")
    second = ahead.bundle.notebook(
        "second", "import ahead\nimport made", "assert made.when == 'now'", "assert not ahead.seen['attempt']"
    )
    ahead.job(ahead.waits(1, "Path('made.py').write_text('when = \"now\"')"), task("second", second, "first"))
    record = ahead.bundle.run()
    assert states(record) == {"first": "SUCCESS", "second": "SUCCESS"}, by_key(record)["second"].message


OPENS = """
import ahead
from pyspark.sql import SparkSession

try:
    session = SparkSession.builder.getOrCreate()
except Exception:
    session = None
"""


def test_no_module_opens_spark_before_the_attempt(ahead: Ahead) -> None:
    ahead.module("opens", OPENS)
    second = ahead.bundle.notebook(
        "second",
        "import opens",
        "from pyspark import SparkContext\nassert opens.ahead.seen['attempt'] is None",
        "assert opens.session is None\nassert SparkContext._gateway is None",
    )
    ahead.job(ahead.waits(1), task("second", second, "first"))
    record = ahead.bundle.run()
    assert states(record) == {"first": "SUCCESS", "second": "SUCCESS"}, by_key(record)["second"].message


ENDS: dict[str, tuple[list[str], dict[str, Any], dict[str, str]]] = {
    "the task before it failed": (["1 / 0"], {}, {"first": "FAILED", "second": "UPSTREAM_FAILED"}),
    "the run took too long": (["time.sleep(600)"], {"timeout_seconds": 6}, {"first": "TIMEDOUT", "second": "CANCELED"}),
    "Ctrl-C": (["time.sleep(600)"], {}, {"first": "CANCELED", "second": "CANCELED"}),
}


@pytest.mark.parametrize(("cells", "rest", "expected"), ENDS.values(), ids=ENDS.keys())
def test_no_kernel_is_left_when(ahead: Ahead, cells: list[str], rest: dict[str, Any], expected: dict[str, str]) -> None:
    second = ahead.bundle.notebook("second", "import ahead")
    ahead.job(ahead.waits(1, *cells), task("second", second, "first"), **rest)
    run = Run(ahead.bundle.plan(), ahead.bundle.watcher)
    if "CANCELED" in expected["first"]:
        threading.Thread(target=_interrupt_when_seen, args=(run, ahead)).start()
    record = run.execute()
    assert states(record) == expected
    assert_nothing_is_left(ahead)


def _interrupt_when_seen(run: Run, ahead: Ahead) -> None:
    while not ahead.kernels:
        time.sleep(0.05)
    run.interrupted.set()


def assert_nothing_is_left(ahead: Ahead) -> None:
    assert ahead.kernels
    assert not [pid for pid in ahead.kernels if alive(pid)]
    assert not [child for child in psutil.Process().children(recursive=True) if "ipykernel_launcher" in child.cmdline()]
    assert not list((ahead.bundle.folder / ".state/runs").glob("*/.bundle-*"))


def test_the_kernel_of_an_excluded_task_ends_before_the_run(ahead: Ahead) -> None:
    condition = {"op": "EQUAL_TO", "left": "a", "right": "b"}
    second = ahead.bundle.notebook("second", "import ahead")
    pids = "pids = [int(path.stem) for path in Path('seen').glob('*.json')]\nassert pids"
    third = ahead.bundle.notebook(
        "third",
        f"import psutil, time\nfrom pathlib import Path\n{pids}",
        "deadline = time.time() + 20",
        "while any(map(psutil.pid_exists, pids)): assert time.time() < deadline; time.sleep(0.05)",
    )
    ahead.job(
        ahead.waits(1),
        {"task_key": "if", "depends_on": [{"task_key": "first"}], "condition_task": condition},
        {**task("second", second), "depends_on": [{"task_key": "if", "outcome": "true"}]},
        task("third", third, "first"),
    )
    record = ahead.bundle.run()
    assert states(record) == {"first": "SUCCESS", "if": "SUCCESS", "second": "EXCLUDED", "third": "SUCCESS"}
    assert_nothing_is_left(ahead)


WAITS_FOR_EVER = """
import sys, time
from pathlib import Path
from bundle_runner.launch.kernel import Seed, launch
import os
kernel = launch(Seed(os.environ, Path(sys.argv[1])), Path(sys.argv[1]))
assert kernel.is_prepared()
print(kernel.process_id, flush=True)
time.sleep(600)
"""


def test_a_waiting_kernel_ends_when_the_runner_is_killed(tmp_path: Path) -> None:
    runner = subprocess.Popen([sys.executable, "-c", WAITS_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert runner.stdout
    kernel = int(runner.stdout.readline())
    assert alive(kernel)
    runner.kill()
    runner.wait()
    deadline = time.monotonic() + 10
    while alive(kernel):
        assert time.monotonic() < deadline
        time.sleep(0.05)
