"""What a notebook says to the job that runs it: parameters, task values, deliberate stop, end marker.

The same calls work under the runner, on Databricks, under papermill alone and in JupyterLab.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

VALUE_LIMIT_BYTES = 48 * 1024
_AT_END: dict[str, Callable[[], Any]] = {}


class TaskError(Exception):
    """A call that a notebook makes to its job is wrong."""


class Stop(TaskError):
    """The notebook ends here on purpose: the data must not go on."""


def parameters(**declared: str) -> dict[str, str]:
    """Return the notebook's parameters with the values they have in this run.

    Under the runner and papermill the variables already hold them. On Databricks a widget of that name
    wins. Where nobody runs the notebook, `""` becomes the bundle's value for target `local`, and an empty
    `run_id` becomes `alone-<UTC time>`.
    Raises: TaskError when a value is not text.
    """
    for name, value in declared.items():
        if not isinstance(value, str):
            raise TaskError(f"parameter {name}: expected text, got {value!r}; write it in quotes")
    if _on_databricks():
        return {name: _widget(name, value) for name, value in declared.items()}
    if _attempt_folder():
        return dict(declared)
    return {name: value or _value_alone(name) for name, value in declared.items()}


def set_value(key: str, value: Any) -> None:
    """Give later tasks a value.

    The run's page shows the values of these names (`docs/run.md`): `records`, a number or a text; `books`, lines of
    text; `report`, true where this notebook is what people read first; `gates`, a list of `{table, rule, severity, ok,
    detail, examples}`; `flow`, a list of `{from, to, count}`; `tables`, a list of `{table, read, written}`. The last
    screen shows `next`, what to do when the task fails: a list of texts, commands in backticks. `lakehouse runs show`
    tells `published`, which maps a table to the version that readers see from now on.
    Raises: TaskError when the value is no JSON or longer than 48 KiB.
    """
    try:
        size = len(json.dumps(value, allow_nan=False).encode())
    except (TypeError, ValueError) as error:
        raise TaskError(f"task value {key} is not JSON: {error}; give text, numbers, lists or mappings") from error
    if size > VALUE_LIMIT_BYTES:
        raise TaskError(f"task value {key} has {size} bytes, {VALUE_LIMIT_BYTES} are allowed; write a table instead")
    folder = _attempt_folder()
    if folder:
        values = _read(folder / "values.json")
        _write(folder / "values.json", {**values, key: value})
    elif _on_databricks():
        _dbutils().jobs.taskValues.set(key=key, value=value)


def set_at_end(key: str, value: Callable[[], Any]) -> None:
    """Give later tasks a value that is known only when the notebook ends or stops, and is asked for then."""
    _AT_END[key] = value


def _settle() -> None:
    for key, value in _AT_END.items():
        set_value(key, value())


def get_value(task_key: str, key: str, default: Any = None) -> Any:
    """Return the value that an earlier task set, else the default."""
    if _on_databricks() and not _attempt_folder():
        return _dbutils().jobs.taskValues.get(taskKey=task_key, key=key, default=default, debugValue=default)
    path = os.environ.get("BUNDLE_TASK_VALUES")
    values = _read(Path(path)) if path else {}
    return values.get(task_key, {}).get(key, default)


def stop(reason: str) -> NoReturn:
    """End the task on purpose and say why; the job is red and later tasks do not start.

    Raises: Stop, always.
    """
    _settle()
    folder = _attempt_folder()
    if folder:
        _write(folder / "stop.json", {"reason": reason})
    raise Stop(reason)


def end(summary: str = "") -> None:
    """Mark the end of the notebook: without this mark the runner counts the task as failed."""
    _settle()
    if summary:
        print(summary)
    print("end of notebook")
    folder = _attempt_folder()
    if folder:
        _write(folder / "end.json", {"summary": summary})


def leave(value: str) -> None:
    """Mark the end of a notebook that `dbutils.notebook.exit` leaves, and keep what it gives to who ran it."""
    end(value)
    folder = _attempt_folder()
    if folder:
        _write(folder / "exit.json", {"value": value})


def given_values() -> dict[str, str]:
    """Return the values that the run gave to this notebook; empty outside the runner."""
    folder = _attempt_folder()
    values = _read(folder / "parameters.json") if folder else {}
    return {name: str(value) for name, value in values.items()}


def _attempt_folder() -> Path | None:
    folder = os.environ.get("BUNDLE_TASK_DIR")
    return Path(folder) if folder else None


def _on_databricks() -> bool:
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def _dbutils() -> Any:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise TaskError("no notebook runs here: on Databricks, parameters and task values need one")
    return shell.user_ns["dbutils"]


def _widget(name: str, value: str) -> str:
    try:
        return str(_dbutils().widgets.get(name))
    except Exception:  # noqa: BLE001 the class of "no such widget" differs between runtimes
        return value


def _value_alone(name: str) -> str:
    if name == "run_id":
        return f"alone-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    from bundle_runner.alone import value_for

    return value_for(name, Path.cwd())


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)
