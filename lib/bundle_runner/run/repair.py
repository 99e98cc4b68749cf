"""Repair a run: what failed runs again, with what hung on it; what succeeded stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bundle_runner.bundle.load import Bundle
from bundle_runner.errors import UsageError
from bundle_runner.plan.choice import chosen
from bundle_runner.plan.graph import Graph
from bundle_runner.plan.prepare import Plan, prepare
from bundle_runner.record.records import RunRecord, TaskRecord
from bundle_runner.states import ResultState

GOOD = frozenset({ResultState.SUCCESS, ResultState.EXCLUDED})


def prepare_repair(bundle: Bundle, record: RunRecord, only: tuple[str, ...] = ()) -> Plan:
    """Check the job as it stands now, and plan what of a run is to run again.

    Raises: UsageError and BundleError, before anything is started; UsageError when there is nothing to repair.
    """
    plan = prepare(bundle, record.job, record.parameters, record.only, record)
    earlier = {task.task_key: task for task in record.tasks}
    again = chosen(plan.graph, only) if only else _unsuccessful(plan.graph, earlier)
    if not again - plan.settled.keys():
        raise UsageError(
            f"run {record.run_id} has nothing to repair: no task of it failed; to run the job anew: lakehouse run "
            f"{record.job}"
        )
    kept = {key: _ended(earlier[key]) for key in plan.graph.tasks if key not in again and key in earlier}
    return replace(plan, settled={**kept, **plan.settled})


def _unsuccessful(graph: Graph, earlier: Mapping[str, TaskRecord]) -> set[str]:
    bad = {
        key
        for key, task in graph.tasks.items()
        if not task.disabled and (key not in earlier or earlier[key].state not in GOOD)
    }
    return bad.union(*(graph.downstream(key) for key in bad))


def _ended(task: TaskRecord) -> TaskRecord:
    """Return a task that is not chosen; one whose runner died is as good as canceled."""
    return task if task.state else replace(task, state=ResultState.CANCELED, message="its runner died")
