"""Run one notebook by papermill in a fresh kernel and find out how it really ended."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat as untyped_nbformat
import papermill
from jupyter_client.manager import KernelManager
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from bundle_runner.launch.kernel import RunnerKernel
from bundle_runner.notebooks.file import END_CELL, END_TAG, NotebookFile
from bundle_runner.notebooks.workspace_names import explained

LINE_LIMIT = 600
_END = 240
KERNEL_START_SECONDS = 120
nbformat: Any = untyped_nbformat
logging.getLogger("papermill").setLevel(logging.CRITICAL)
logging.getLogger("traitlets").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class NotebookCall:
    """One attempt: the notebook, the values for it, its evidence folder and what only it has in its environment."""

    notebook: NotebookFile
    values: Mapping[str, str]
    folder: Path
    environment: Mapping[str, str]

    @property
    def executed(self) -> Path:
        """Return where the executed notebook is kept."""
        return self.folder / f"{self.notebook.path.stem}.ipynb"


@dataclass(frozen=True)
class NotebookEnd:
    """Whether the notebook reached its end; if not, why in one line, and whether it stopped on purpose."""

    success: bool
    message: str = ""
    stopped: bool = False


def run_notebook(call: NotebookCall, kernel: RunnerKernel) -> NotebookEnd:
    """Execute the notebook in a kernel that nobody has used, and end the kernel."""
    call.folder.mkdir(parents=True, exist_ok=True)
    (call.folder / "parameters.json").write_text(json.dumps(dict(call.values)), encoding="utf-8")
    try:
        kernel.begin({**call.environment, "BUNDLE_TASK_DIR": str(call.folder)}, call.folder / "kernel.log")
        _execute(call, kernel)
    except PapermillExecutionError as error:
        return _failed_cell(call, error)
    except DeadKernelError:
        return NotebookEnd(False, _dead_kernel(call, kernel))
    except RuntimeError as error:
        return NotebookEnd(False, bounded(f"the kernel did not start: {error}"))
    finally:
        kernel.clean_up()
    return _check_end(call)


def _execute(call: NotebookCall, kernel: KernelManager) -> None:
    papermill.execute_notebook(
        _prepared(call.notebook),
        str(call.executed).replace("{", "{{").replace("}", "}}"),  # papermill fills braces in paths
        parameters={} if call.notebook.takes_widgets else dict(call.values),
        kernel_name="python3",
        language="python",
        progress_bar=False,
        start_timeout=KERNEL_START_SECONDS,
        km=kernel,
    )


def _prepared(notebook: NotebookFile) -> Any:
    """Return the notebook for papermill, with an end mark where it has none of its own."""
    node = nbformat.reads(json.dumps(notebook.content), as_version=4)
    if not notebook.marks_its_end:
        cell = nbformat.v4.new_code_cell(END_CELL, metadata={"tags": [END_TAG]})
        node.cells.append(cell)
    return node


def _failed_cell(call: NotebookCall, error: PapermillExecutionError) -> NotebookEnd:
    if error.ename == "Stop" and (call.folder / "stop.json").is_file():
        reason = json.loads((call.folder / "stop.json").read_text(encoding="utf-8"))["reason"]
        return NotebookEnd(False, bounded(str(reason)), stopped=True)
    if error.ename == "InputRejected":
        return NotebookEnd(False, bounded(error.evalue))
    return NotebookEnd(False, bounded(explained(f"cell {error.exec_count}: {error.ename}: {error.evalue}")))


def _dead_kernel(call: NotebookCall, kernel: RunnerKernel) -> str:
    """Say at which cell the kernel died; papermill marks the cells after it as completed, too."""
    code = getattr(getattr(kernel.provisioner, "process", None), "returncode", None)
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    last = last_started_cell(call.executed)
    return f"the kernel died ({how}) {f'in cell {last}' if last else 'before its first cell'}"


def last_started_cell(executed: Path) -> int | None:
    """Return the number of the last code cell that was started, counted as in `In [n]`."""
    cells = _code_cells(executed)
    started = [index for index, cell in enumerate(cells, 1) if cell.metadata.get("papermill", {}).get("start_time")]
    return started[-1] if started else None


def _check_end(call: NotebookCall) -> NotebookEnd:
    if (call.folder / "end.json").is_file():
        return NotebookEnd(True)
    for cell in _code_cells(call.executed):
        for output in cell.outputs:
            if output.output_type == "error" and output.ename == "SystemExit":
                return NotebookEnd(
                    False,
                    f"cell {cell.execution_count} left the notebook by sys.exit({output.evalue}) before its end mark",
                )
    return NotebookEnd(False, "the notebook ended without its end mark: task.end() was not reached")


def _code_cells(executed: Path) -> list[Any]:
    if not executed.is_file():
        return []
    node = nbformat.read(executed, as_version=4)
    return [cell for cell in node.cells if cell.cell_type == "code"]


def bounded(text: str) -> str:
    """Return the text as one line of limited length: the whole of it is in the executed notebook.

    A long one keeps its beginning and its end: where it happened, and what to do.
    """
    line = " · ".join(part.strip() for part in text.strip().splitlines() if part.strip())
    return line if len(line) <= LINE_LIMIT else f"{line[: LINE_LIMIT - _END - 3]} … {line[-_END:]}"
