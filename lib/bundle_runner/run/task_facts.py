"""What `{{task.…}}` and `{{tasks.…}}` offer to a task when it starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bundle_runner.model import Task
from bundle_runner.plan.prepare import Plan
from bundle_runner.record.records import TaskRecord
from bundle_runner.states import FAILURES, ResultState

RESULT = "result.json"
FAILED = "RunExecutionError"
"""What Lakeflow says of a task that failed while it ran."""


def facts_for(plan: Plan, task: Task, ended: Mapping[str, TaskRecord]) -> dict[str, Any]:
    """Return all that the texts of a task may name."""
    tasks = {key: _ended(plan, record) for key, record in ended.items()}
    own = {**_place(plan, task.task_key), "name": task.task_key, "execution_count": "1"}
    return {**plan.facts, "task": own, "tasks": tasks}


def _ended(plan: Plan, record: TaskRecord) -> dict[str, Any]:
    state = record.state or ResultState.FAILED
    return {
        **_place(plan, record.task_key),
        "values": record.values,
        "result_state": state.value.lower(),
        "error_code": FAILED if state in FAILURES - {ResultState.UPSTREAM_FAILED} else "",
        "execution_count": str(len(record.attempts)),
        "output": _output(plan.folder / "tasks" / record.task_key, record),
    }


def _place(plan: Plan, key: str) -> dict[str, str]:
    task = next(one for one in plan.job.tasks if one.task_key == key)
    path = task.notebook_task.notebook_path if task.notebook_task else ""
    return {"run_id": f"{plan.run_id}.{key}", "notebook_path": path}


def _output(folder: Path, record: TaskRecord) -> dict[str, Any]:
    """Return the rows that a file of SQL left."""
    path = folder / f"attempt_{record.attempts[-1].number}" / RESULT if record.attempts else folder / RESULT
    if not path.is_file():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return {"rows": rows, "first_row": rows[0] if rows else {}}
