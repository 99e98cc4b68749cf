"""`dbutils.notebook`: leave this notebook, or run another one of the bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from bundle_runner import task
from bundle_runner.spark.joining import ask


class NotebookExit(BaseException):
    """The notebook ends here and is a success; no `except Exception` of its own may keep it."""


class NotebookRunError(task.TaskError):
    """A notebook that this one ran did not reach its end."""


class Notebook:
    """Hold what belongs to the notebook itself."""

    def exit(self, value: object) -> NoReturn:
        """End the notebook here, as a success.

        Raises: NotebookExit, always.
        """
        task.leave(str(value))
        raise NotebookExit(str(value))

    def run(self, path: str, timeout_seconds: int, arguments: Mapping[str, object] | None = None) -> str:
        """Run a notebook in a kernel of its own and return what it gave to `exit`; 0 seconds mean no limit.

        Raises: NotebookRunError with its reason when it did not reach its end.
        """
        values = {name: str(value) for name, value in (arguments or {}).items()}
        answer = ask({"notebook": path, "seconds": timeout_seconds, "values": values})
        if "problem" in answer:
            raise NotebookRunError(f"notebook {path}: {answer['problem']}")
        return str(answer["value"])
