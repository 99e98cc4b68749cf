"""Read a folder of DAGs with Airflow itself, and print what it understood; runs in Airflow's environment."""

import json
import sys
from datetime import timedelta
from typing import Any

import pendulum

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow 3.0
    from airflow.models.dagbag import DagBag
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.timetables.base import TimeRestriction

try:
    from airflow.serialization.serialized_objects import DagSerialization as Scheduled
except ImportError:  # Airflow 3.0
    from airflow.serialization.serialized_objects import SerializedDAG as Scheduled

COUNT = 4


def plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    return value.total_seconds() if isinstance(value, timedelta) else value


def starts(dag: Any) -> list[str]:
    """Return the next moments at which the timetable starts a run, in its own time zone."""
    timetable = Scheduled.deserialize_dag(Scheduled.serialize_dag(dag)).timetable  # what the scheduler sees
    restriction = TimeRestriction(earliest=pendulum.datetime(2026, 3, 28, tz="UTC"), latest=None, catchup=True)
    found, last = [], None
    for _ in range(COUNT):
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        if info is None:
            break
        found.append(info.run_after.in_timezone(dag.timezone).isoformat())
        last = info.data_interval
    return found


def task_of(task: Any) -> dict[str, Any]:
    """Return what a task is."""
    mapped = isinstance(task, MappedOperator)
    fields = task.partial_kwargs if mapped else vars(task)
    return {
        "kind": task.operator_class.__name__ if mapped else type(task).__name__,
        "mapped": mapped,
        "rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "retries": task.retries,
        "delay": plain(task.retry_delay),
        "doubles": task.retry_exponential_backoff,
        "timeout": plain(task.execution_timeout),
        "at_once": task.max_active_tis_per_dagrun,
        "doc": task.doc_md,
        "after": sorted(task.upstream_task_ids),
        "tells": sorted(name for name in fields if name.endswith("_callback") and fields[name]),
    }


def deadlines(dag: Any) -> list[Any]:
    """Return the deadlines of a DAG; Airflow 3.0 has none."""
    found = getattr(dag, "deadline", None) or []
    return found if isinstance(found, list) else [found]


def dag_of(dag: Any) -> dict[str, Any]:
    """Return what a DAG is."""
    return {
        "description": dag.description,
        "starts": starts(dag),
        "zone": str(dag.timezone),
        "at_once": dag.max_active_runs,
        "timeout": plain(dag.dagrun_timeout),
        "paused": dag.is_paused_upon_creation,
        "catchup": dag.catchup,
        "tags": sorted(dag.tags),
        "parameters": {
            name: [dag.params.get_param(name).value, dag.params.get_param(name).schema] for name in dag.params
        },
        "deadlines": [plain(deadline.interval) for deadline in deadlines(dag)],
        "tells": sorted(n for n in ("on_failure_callback", "on_success_callback") if getattr(dag, n)),
        "tasks": {task.task_id: task_of(task) for task in dag.tasks},
    }


bag = DagBag(sys.argv[1])
print(json.dumps({"errors": bag.import_errors, "dags": {key: dag_of(dag) for key, dag in bag.dags.items()}}))
