"""The figures of a run as lines of CloudWatch's embedded metric format: the agent that reads them makes metrics.

*Source*: CloudWatch Logs, *Specification: Embedded metric format*.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bundle_runner.record.records import RunRecord, TaskRecord
from bundle_runner.record.told import every_task, streams, verdicts
from bundle_runner.states import FAILURES

NAMESPACE = "BundleRunner"
UNITS = {"seconds": "Seconds"}
"""What is not counted in pieces."""
Json = dict[str, Any]


def metric_lines(record: RunRecord) -> list[Json]:
    """Return one line for the run and one for each of its tasks that ran."""
    whole = {"bundle": record.bundle, "target": record.target, "job": record.job}
    ran = [task for task in record.tasks if task.started_at]
    of_tasks = (_line(record, {**whole, "task": task.task_key}, _task_figures(record, task)) for task in ran)
    return [_line(record, whole, _figures(record)), *of_tasks]


def _figures(record: RunRecord) -> dict[str, float]:
    tasks = list(every_task(record.tasks))
    rules = verdicts(record)
    return {
        "seconds": record.seconds,
        "failed_tasks": sum(task.state in FAILURES for task in tasks),
        "attempts": sum(len(task.attempts) for task in tasks),
        "warnings": len(record.warnings),
        "rules": len(rules),
        "broken_rules": sum(not rule.ok for rule in rules),
        "records_found": _found(record),
    }


def _found(record: RunRecord) -> int:
    """Return the records with which the books begin: those of places into which none flow."""
    flow = streams(record)
    return sum(stream.count for stream in flow if stream.source not in {other.target for other in flow})


def _task_figures(record: RunRecord, task: TaskRecord) -> dict[str, float]:
    rules = [rule for rule in verdicts(record) if rule.task_key == task.task_key]
    figures: dict[str, float] = {
        "seconds": task.seconds,
        "attempts": len(task.attempts) or sum(len(part.attempts) for part in task.iterations),
        "failed_tasks": int(task.state in FAILURES),
        "rules": len(rules),
        "broken_rules": sum(not rule.ok for rule in rules),
    }
    return {**figures, "records": task.records} if isinstance(task.records, int) else figures


def _line(record: RunRecord, dimensions: Mapping[str, str], figures: Mapping[str, float]) -> Json:
    ended = datetime.fromisoformat(record.ended_at or record.started_at)
    metrics = [{"Name": name, "Unit": UNITS.get(name, "Count")} for name in figures]
    told = {"Namespace": NAMESPACE, "Dimensions": [[*dimensions]], "Metrics": metrics}
    about = {"Timestamp": round(ended.timestamp() * 1000), "CloudWatchMetrics": [told]}
    return {"_aws": about, **dimensions, "run_id": record.run_id, "state": record.state, **figures}
