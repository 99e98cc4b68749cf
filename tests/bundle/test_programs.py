"""Python files and entry points as tasks, each in a process of its own."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bundle_runner.errors import BundleError, ModelError
from bundle_runner.record.records import RunRecord
from bundle_runner.run.execute import Run
from tests.bundle.small_bundle import SmallBundle, alive, by_key, states, task


def _file(bundle: SmallBundle, name: str, text: str, *parameters: str, **rest: Any) -> dict[str, Any]:
    (bundle.folder / f"{name}.py").write_text(dedent(text))
    return {
        "task_key": name,
        "spark_python_task": {"python_file": f"./{name}.py", "parameters": list(parameters)},
        **rest,
    }


def _log(bundle: SmallBundle, record: RunRecord, key: str) -> str:
    return (bundle.folder / ".state/runs" / record.run_id / str(by_key(record)[key].attempts[-1].log)).read_text()


def test_a_python_file_gets_its_arguments_and_its_words_are_kept(bundle: SmallBundle) -> None:
    (bundle.folder / "beside.py").write_text("colour = 'blue'")
    text = """
    import os, sys
    from pathlib import Path
    from bundle_runner import task
    import beside

    if __name__ == "__main__":
        assert sys.argv[1:] == ["--day", "2011-01-04", "ä 'x'"], sys.argv
        assert Path.cwd() == Path(__file__).parent
        print("said", beside.colour, file=sys.stderr)
        task.set_value("records", 7)
        sys.exit(0)
    """
    notebook = bundle.notebook("after", "assert n == '7'", parameters='n = ""\nday = ""')
    bundle.job(
        _file(bundle, "it", text, "--day", "{{job.parameters.day}}", "ä 'x'"),
        task("after", notebook, "it", values={"n": "{{tasks.it.values.records}}"}),
        parameters=[{"name": "day", "default": "2011-01-04"}],
    )
    record = bundle.run()
    assert states(record) == {"it": "SUCCESS", "after": "SUCCESS"}, [one.message for one in record.tasks]
    assert _log(bundle, record, "it") == "said blue\n"
    assert not (bundle.folder / ".state/runs" / record.run_id / "clusters").exists(), "nobody asked for Spark"


ENDS = {
    "an error": ("x = 1\n1 / 0\n", r"^it.py:2: ZeroDivisionError: division by zero$", 1),
    "sys.exit(3)": ("import sys\nsys.exit(3)\n", r"^the program left by sys.exit\(3\)$", 1),
    "words at the exit": ("import sys\nsys.exit('no file')\n", r"^the program left by sys.exit\('no file'\)$", 1),
    "os._exit(0)": (
        "import os\nos._exit(0)\n",
        r"^the process ended with exit code 0 before the program's end; what",
        1,
    ),
    "a kill": (
        "import os\nos.kill(os.getpid(), 9)\n",
        "^the process died by signal 9 before the program's end; what",
        1,
    ),
    "a deliberate stop": ("from bundle_runner import task\ntask.stop('3 rows')\n", "^3 rows$", 3),
    "a syntax error": ("x = = 1\n", "^SyntaxError: invalid syntax", 1),
}


@pytest.mark.parametrize(("text", "message", "code"), ENDS.values(), ids=ENDS.keys())
def test_a_program_ends_as_it_really_ended(bundle: SmallBundle, text: str, message: str, code: int) -> None:
    bundle.job(_file(bundle, "it", text))
    record = bundle.run()
    it = by_key(record)["it"]
    assert (str(it.state), record.exit_code) == ("FAILED", code)
    assert re.search(message, it.message), it.message


def test_a_program_is_retried_and_stopped_like_a_notebook(bundle: SmallBundle) -> None:
    flaky = "from pathlib import Path\nseen = Path('seen').exists()\nPath('seen').touch()\nassert seen\n"
    slow = """
    import os, subprocess, sys, time
    from pathlib import Path
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path("pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)
    """
    bundle.job(_file(bundle, "flaky", flaky, max_retries=1), _file(bundle, "slow", slow))
    run = Run(bundle.plan(), bundle.watcher)
    threading.Thread(target=_interrupt_when, args=(run, bundle.folder / "pids")).start()
    record = run.execute()
    assert states(record)["slow"] == "CANCELED"
    assert not [pid for pid in (bundle.folder / "pids").read_text().split() if alive(int(pid))]
    assert ("retried", "flaky") in bundle.watcher.said


def _interrupt_when(run: Run, path: Path) -> None:
    while not path.exists() or not path.read_text() or ("SUCCESS", "flaky") not in run._observer.said:  # type: ignore[attr-defined]
        time.sleep(0.1)
    run.interrupted.set()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an installed package `day-tools` with an entry point, in a folder on the path."""
    site = tmp_path / "site"
    (site / "day_tools").mkdir(parents=True)
    (site / "day_tools" / "__init__.py").write_text(
        "import sys\n\ndef main():\n    print(sys.argv)\n\ndef bare():\n    print('bare', sys.argv[1:])\n"
    )
    meta = site / "day_tools-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: day-tools\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text("[console_scripts]\nload = day_tools:main\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    return site


WHEELS: dict[str, tuple[dict[str, Any], str]] = {
    "positional": (
        {"entry_point": "load", "parameters": ["{{job.parameters.day}}", "b"]},
        "['day-tools', '2011', 'b']\n",
    ),
    "named": (
        {"entry_point": "load", "named_parameters": {"size": "{{job.name}}", "day": "loses"}},
        "['day-tools', '--day=2011', '--size=main']\n",
    ),
    "a function": ({"entry_point": "bare", "parameters": ["x"]}, "bare ['x']\n"),
}


@pytest.mark.parametrize(("wheel", "said"), WHEELS.values(), ids=WHEELS.keys())
def test_an_entry_point_gets_its_arguments(
    bundle: SmallBundle, package: Path, wheel: dict[str, Any], said: str
) -> None:
    bundle.job(
        {
            "task_key": "it",
            "python_wheel_task": {"package_name": "day-tools", **wheel},
            "libraries": [{"whl": "./day_tools-1.0-py3-none-any.whl"}],
        },
        parameters=[{"name": "day", "default": "2011"}],
    )
    record = bundle.run()
    assert states(record) == {"it": "SUCCESS"}, by_key(record)["it"].message
    assert _log(bundle, record, "it") == said


def test_what_is_not_there_is_refused_before_anything_runs(bundle: SmallBundle, package: Path) -> None:
    bundle.job({"task_key": "it", "spark_python_task": {"python_file": "./laod.py"}})
    (bundle.folder / "load.py").touch()
    with pytest.raises(BundleError, match=r"task it: .*/laod.py: there is no such Python file; did you mean load.py"):
        bundle.run()
    wheel = {"package_name": "no-such-tools", "entry_point": "load"}
    bundle.job({"task_key": "it", "python_wheel_task": wheel})
    with pytest.raises(BundleError, match="task it: package no-such-tools is not installed in this environment"):
        bundle.run()
    both = {"package_name": "day-tools", "entry_point": "load", "parameters": ["a"], "named_parameters": {"b": "c"}}
    bundle.job({"task_key": "it", "python_wheel_task": both})
    with pytest.raises(ModelError, match="task it: python_wheel_task: give parameters or named_parameters, not both"):
        bundle.run()
    bundle.job({"task_key": "it", "python_wheel_task": {"package_name": "day-tools", "entry_point": "nothing"}})
    message = by_key(bundle.run())["it"].message
    assert message == "LookupError: package day-tools has neither an entry point nor a function nothing"


def test_a_loop_runs_programs(bundle: SmallBundle) -> None:
    each = _file(bundle, "each", "import sys\nprint(sys.argv[1])\n", "{{input}}")
    bundle.job({"task_key": "loop", "for_each_task": {"inputs": '["a", "b"]', "task": each}})
    record = bundle.run()
    assert states(record) == {"loop": "SUCCESS"}
    logs = [one.attempts[0].log for one in by_key(record)["loop"].iterations]
    assert [(bundle.folder / ".state/runs" / record.run_id / str(log)).read_text() for log in logs] == ["a\n", "b\n"]


def test_a_python_file_has_dbutils_and_what_it_prints_shows_no_secret(
    bundle: SmallBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_SHOP_TOKEN", "canary-7f3a")
    text = """
    import sys
    from databricks.sdk import runtime

    assert runtime.dbutils is dbutils
    token = dbutils.secrets.get("shop", "token")
    assert token == "canary-" + "7f3a"
    print("said", token)
    print(token, file=sys.stderr)
    raise ValueError(token)
    """
    bundle.job(_file(bundle, "it", text))
    record = bundle.run()
    assert by_key(record)["it"].message.endswith("ValueError: [REDACTED]")
    assert _log(bundle, record, "it").startswith("said [REDACTED]\n[REDACTED]\n")
    folder = bundle.folder / ".state/runs" / record.run_id
    assert not [path for path in folder.rglob("*") if path.is_file() and b"canary-7f3a" in path.read_bytes()]
