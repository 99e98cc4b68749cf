"""The process of a spark_python_task or a python_wheel_task: `file PATH ARGUMENT…` or `wheel PACKAGE ENTRY ARGUMENT…`.

It notes how the program ended, so that an orderly end differs from a process that merely went away.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import traceback
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from bundle_runner.dbutils import DbUtils
from bundle_runner.dbutils.runtime import offer_runtime
from bundle_runner.dbutils.secrets import redact_stream
from bundle_runner.spark.joining import enter, join_when_asked
from bundle_runner.task import Stop


def main(words: list[str]) -> int:
    """Run what the words name; return the exit code."""
    join_when_asked(enter)
    utils = _utils()
    try:
        _run(words, utils)
    except SystemExit as leave:
        return _left(leave)
    except Stop as stop:
        return _noted(1, stop=utils.secrets.redacted(str(stop)))
    except BaseException as error:  # noqa: BLE001 whatever it is, the task must say it
        traceback.print_exc()
        return _noted(1, error=utils.secrets.redacted(f"{_place(error)}{type(error).__name__}: {error}"))
    return _noted(0, end="reached")


def _run(words: list[str], utils: DbUtils) -> None:
    kind, what, *rest = words
    if kind == "file":
        sys.argv, sys.path[0] = [what, *rest], str(Path(what).parent)
        runpy.run_path(what, {"dbutils": utils}, run_name="__main__")
        return
    entry, *arguments = rest
    sys.argv = [what, *arguments]
    _entry(what, entry).load()()


def _utils() -> DbUtils:
    """Return what Databricks gives to a file; what it prints shows no secret that it asked for."""
    utils = DbUtils()
    for stream in (sys.stdout, sys.stderr):
        redact_stream(stream, utils.secrets)
    offer_runtime(utils, _session)
    return utils


def _session() -> Any:
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def _entry(package: str, name: str) -> EntryPoint:
    """Return the package's entry point of this name, else its function of this name."""
    own = [entry for entry in entry_points(name=name) if entry.dist and _plain(entry.dist.name) == _plain(package)]
    module = _plain(package).replace("-", "_")
    if own or hasattr(import_module(module), name):
        return own[0] if own else EntryPoint(name, f"{module}:{name}", "")
    raise LookupError(f"package {package} has neither an entry point nor a function {name}")


def _plain(package: str) -> str:
    return package.lower().replace("_", "-")


def _left(leave: SystemExit) -> int:
    code = leave.code
    if code is None or code == 0:
        return _noted(0, end="sys.exit(0)")
    if not isinstance(code, int):
        print(code, file=sys.stderr)
    return _noted(1, error=f"the program left by sys.exit({code!r})")


def _place(error: BaseException) -> str:
    """Return file and line of the program's own code that failed last."""
    ours = (str(Path(__file__)), "<frozen runpy>", runpy.__file__)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in ours]
    outer = next((frame for frame in reversed(frames) if "site-packages" not in frame.filename), None)
    return f"{Path(outer.filename).name}:{outer.lineno}: " if outer else ""


def _noted(code: int, **how: str) -> int:
    Path(os.environ["BUNDLE_TASK_DIR"], "ended.json").write_text(json.dumps(how), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
