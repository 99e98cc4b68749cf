"""What notebooks that were written for Databricks ask of `dbutils`, in real kernels."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from bundle_runner.run.execute import Run
from tests.bundle.small_bundle import SmallBundle, alive, by_key, states, task


def test_a_secret_is_used_and_stands_in_no_file_of_the_run(
    bundle: SmallBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_SHOP_TOKEN", "canary-7f3a")
    one = bundle.notebook(
        "one",
        "token = dbutils.secrets.get(scope='shop', key='token')\nassert token == 'canary-' + '7f3a'",
        "import sys\nprint('said', token)\nprint(token, file=sys.stderr)\ntoken",
        "from IPython.display import HTML\nHTML(f'<b>{token}</b>')",
        "raise ValueError(f'refused: {token}')",
    )
    bundle.job(task("one", one))
    record = bundle.run()
    assert by_key(record)["one"].message == "cell 4: ValueError: refused: [REDACTED]"
    folder = bundle.folder / ".state/runs" / record.run_id
    texts = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert b"said [REDACTED]" in texts[folder / "tasks/one/attempt_1/one.ipynb"]
    assert not [path for path, text in texts.items() if b"canary-7f3a" in text]


def test_a_notebook_runs_others_and_gets_what_they_give(bundle: SmallBundle) -> None:
    (bundle.folder / "deep").mkdir()
    bundle.source("deep/leaf", "dbutils.widgets.text('n', '')", "dbutils.notebook.exit(dbutils.widgets.get('n') * 2)")
    bundle.notebook(
        "inner", "dbutils.notebook.exit(dbutils.notebook.run('deep/leaf', 0, {'n': n}) + '!')", parameters='n = ""'
    )
    bundle.notebook("bad", "1 / 0")
    outer = bundle.notebook(
        "outer",
        "assert dbutils.notebook.run('./inner', 60, {'n': 7}) == '77!'",
        "from bundle_runner.task import TaskError",
        "try:\n    dbutils.notebook.run('bad', 60)\nexcept TaskError as error:\n    assert 'ZeroDivisionError' in str(error)\nelse:\n    raise AssertionError",
        "dbutils.notebook.run('inner', 0, {'m': 1})",
    )
    bundle.job(task("outer", outer))
    record = bundle.run()
    message = by_key(record)["outer"].message
    assert message.startswith("cell 4: NotebookRunError: notebook inner: "), message
    assert "inner.ipynb does not declare m" in message
    folder = bundle.folder / ".state/runs" / record.run_id / "tasks/outer/attempt_1"
    assert (folder / "run_1/run_1/leaf.html").is_file(), "what it ran has a page, too"
    assert "ZeroDivisionError" in (folder / "run_2/bad.html").read_text()


def test_what_a_notebook_runs_ends_with_it_and_in_its_own_time(bundle: SmallBundle) -> None:
    bundle.notebook(
        "slow", "import os, time\nfrom pathlib import Path", "Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)"
    )
    timed = bundle.notebook("timed", "dbutils.notebook.run('slow', 5)")
    bundle.job(task("timed", timed))
    record = bundle.run()
    assert by_key(record)["timed"].message.endswith("notebook slow: it was stopped after 5 s (timeout_seconds)")
    (bundle.folder / "pid").unlink(missing_ok=True)
    endless = bundle.notebook("endless", "dbutils.notebook.run('slow', 0)")
    bundle.job(task("endless", endless))
    run = Run(bundle.plan(), bundle.watcher)
    threading.Thread(target=_interrupt_when, args=(run, bundle.folder / "pid")).start()
    assert states(run.execute()) == {"endless": "CANCELED"}
    assert not alive(int((bundle.folder / "pid").read_text()))


def _interrupt_when(run: Run, path: Path) -> None:
    while not path.exists() or not path.read_text():
        time.sleep(0.1)
    run.interrupted.set()
