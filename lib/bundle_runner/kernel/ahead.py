"""What a kernel of the runner does: import ahead, hear of its attempt, offer `dbutils`, join the Spark JVM."""

from __future__ import annotations

import ast
import importlib
import os
import re
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from IPython.core.error import InputRejected
from IPython.core.getipython import get_ipython

from bundle_runner.dbutils import DbUtils, NotebookExit
from bundle_runner.dbutils.runtime import offer_runtime
from bundle_runner.dbutils.secrets import redact_messages
from bundle_runner.kernel import sql_cell
from bundle_runner.notebooks.file import Import
from bundle_runner.spark.joining import enter, join_when_asked

NO_SPARK = {"PYSPARK_GATEWAY_PORT": "0", "PYSPARK_GATEWAY_SECRET": ""}
NEEDS_SPARK = re.compile(r"\bspark\b|SparkSession|get_spark|^%%?sql\b")


class _Leaver:
    """After `dbutils.notebook.exit` the cell is no error, and later cells do nothing."""

    def __init__(self, shell: Any) -> None:
        self.left = False
        shell.set_custom_exc((NotebookExit,), self._caught)
        shell.events.register("post_run_cell", self._after_cell)
        shell.input_transformers_cleanup.append(self._transformed)

    def _caught(self, _shell: Any, _kind: object, value: NotebookExit, *_rest: object, **_more: object) -> None:
        self.left = True
        print(f"notebook exited: {value}")

    def _after_cell(self, result: Any) -> None:
        if self.left:
            result.error_in_exec = None

    def _transformed(self, lines: list[str]) -> list[str]:
        return [] if self.left else lines


class _Joiner(ast.NodeTransformer):
    """Join before the first cell that names Spark; where that fails, reject the cell with the reason.

    A cell may call a module that asks for a session: then the kernel joins as soon as it asks.
    """

    def __init__(self, shell: Any, leaver: _Leaver) -> None:
        self._shell = shell
        self._leaver = leaver
        self._joined = False
        self._listens = False
        self._problem = ""

    def before_cell(self, info: Any) -> None:
        """Hear which cell comes next."""
        if self._joined or self._leaver.left:
            return
        if not NEEDS_SPARK.search(info.raw_cell or ""):
            self._listen()
            return
        try:
            self._enter()
            self._problem = ""
        except Exception as error:  # noqa: BLE001 an error in this hook would only be printed, and the cell would run
            self._problem = f"{type(error).__name__}: {error}"

    def _listen(self) -> None:
        """Hear of modules that ask for a session, once pyspark is there; a notebook without it needs none."""
        if not self._listens and "pyspark.sql" in sys.modules:
            self._listens = True
            join_when_asked(self._enter)

    def _enter(self) -> None:
        if not self._joined:
            self._shell.user_ns["spark"] = enter()
            self._joined = True

    def visit(self, node: ast.AST) -> Any:
        """Reject the cell when the join failed."""
        if self._problem:
            raise InputRejected(f"no Spark for this notebook: {self._problem}")
        return node


def prepare() -> None:
    """Set up this kernel and wait for its attempt; called by the runner through `--IPKernelApp.exec_lines`."""
    shell: Any = get_ipython()
    if shell is None:
        raise RuntimeError("bundle_runner.kernel.ahead is for kernels: this process is none")
    joiner = _Joiner(shell, _Leaver(shell))
    shell.user_ns["dbutils"] = utils = DbUtils()
    redact_messages(shell.kernel.session, utils.secrets)
    offer_runtime(utils, lambda: shell.user_ns["spark"])
    shell.events.register("pre_run_cell", joiner.before_cell)
    shell.ast_transformers.append(joiner)
    sql_cell.offer(shell)
    with Connection(_standard_input()) as line:
        try:
            _import_ahead(line.recv())
            line.send(True)
            os.environ.update(line.recv())
        except (EOFError, OSError):
            os._exit(0)  # the runner is gone; IPython would catch SystemExit


def _standard_input() -> int:
    """Return the line to the runner, and leave an empty standard input in its place."""
    line = os.dup(0)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    return line


def _import_ahead(imports: tuple[Import, ...]) -> None:
    """Import what the notebook will; what fails is left to its cell, which will say so.

    A module beside the notebook is left alone, as a task before this one may still write it; and so is one that
    starts Spark, which here would not be the job's.
    """
    place = sys.path.index("")
    del sys.path[place]
    os.environ.update(NO_SPARK)
    for module, names in imports:
        with suppress(Exception, SystemExit):
            importlib.__import__(module, fromlist=names)
    for name in NO_SPARK:
        del os.environ[name]
    sys.path.insert(place, "")
