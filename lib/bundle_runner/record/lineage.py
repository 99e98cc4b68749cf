"""Events as OpenLineage tells them: START and exactly one of COMPLETE, FAIL, ABORT for each run and each task.

*Source*: the OpenLineage specification 2-0-2 (https://openlineage.io/spec/2-0-2/OpenLineage.json).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from bundle_runner.record.events import Event, Happened, named_tasks
from bundle_runner.record.records import RunRecord
from bundle_runner.record.told import TableUse, Verdict, table_uses, verdicts
from bundle_runner.states import CANCELS, FAILURES, ResultState

PRODUCER = "urn:bundle-runner"
SPEC = "https://openlineage.io/spec"
SCHEMA = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = {
    "parent": "1-0-1/ParentRunFacet",
    "errorMessage": "1-0-0/ErrorMessageRunFacet",
    "jobType": "2-0-3/JobTypeJobFacet",
    "version": "1-0-0/DatasetVersionDatasetFacet",
    "dataQualityAssertions": "1-0-1/DataQualityAssertionsDatasetFacet",
}
_TOLD = {Happened.RUN_STARTED, Happened.TASK_STARTED, Happened.TASK_ENDED, Happened.RUN_ENDED}
_STARTS = {Happened.RUN_STARTED, Happened.TASK_STARTED}
Json = dict[str, Any]


def lineage_of(events: Sequence[Event], record: RunRecord) -> list[Json]:
    """Return the OpenLineage events for what happened in a run; attempts and warnings are not of its kind."""
    return [_lineage(event, record) for event in events if event.happened in _TOLD]


def _lineage(event: Event, record: RunRecord) -> Json:
    inputs, outputs = ([], []) if event.happened in _STARTS else _datasets(event, record)
    return {
        "eventType": _event_type(event),
        "eventTime": event.at,
        "run": {"runId": _run_uuid(event.run_id, event.repair, event.task_key), "facets": _run_facets(event, record)},
        "job": _job(record, event.task_key),
        "inputs": inputs,
        "outputs": outputs,
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
    }


def _event_type(event: Event) -> str:
    if event.happened in _STARTS:
        return "START"
    if event.state in CANCELS:
        return "ABORT"
    return "FAIL" if event.state in FAILURES else "COMPLETE"


def _run_uuid(run_id: str, repair: int, task_key: str | None) -> str:
    """Return the same id for the same run, whoever asks: the end of a dead run is told by another process."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}/{run_id}/{repair}/{task_key or ''}"))


def _job(record: RunRecord, task_key: str | None) -> Json:
    name = f"{record.job}.{_plain(task_key)}" if task_key else record.job
    kind = "TASK" if task_key else "JOB"
    about = _facet("jobType", processingType="BATCH", integration="BUNDLE_RUNNER", jobType=kind)
    return {"namespace": _namespace(record), "name": name, "facets": about}


def _plain(task_key: str) -> str:
    """Return the name that all iterations of a loop share: they are runs of one job."""
    return task_key.split("[", maxsplit=1)[0] + ("[]" if "[" in task_key else "")


def _namespace(record: RunRecord) -> str:
    return f"{record.bundle}.{record.target}"


def _run_facets(event: Event, record: RunRecord) -> Json:
    facets: Json = {}
    if event.task_key:
        loop = event.task_key.split("[")[0] if "[" in event.task_key else None
        run = {"runId": _run_uuid(event.run_id, event.repair, loop)}
        job = _job(record, loop)
        facets |= _facet("parent", run=run, job={"namespace": job["namespace"], "name": job["name"]})
    if event.message and event.state and event.state is not ResultState.SUCCESS:
        facets |= _facet("errorMessage", message=event.message, programmingLanguage="PYTHON")
    return facets


def _datasets(event: Event, record: RunRecord) -> tuple[list[Json], list[Json]]:
    """Return what a task read, with what it judged, and what it wrote; for the run, all of its tasks."""
    key = named_tasks(record)[event.task_key].task_key if event.task_key else None
    uses = [use for use in table_uses(record) if key in (None, use.task_key)]
    judged = [verdict for verdict in verdicts(record) if key in (None, verdict.task_key)]
    return _inputs(uses, judged, record), _outputs(uses, record)


def _inputs(uses: Sequence[TableUse], judged: Sequence[Verdict], record: RunRecord) -> list[Json]:
    versions = {use.table: use.read for use in reversed(uses) if use.read is not None}
    tables = dict.fromkeys([*versions, *(verdict.table for verdict in judged)])
    return [_input(table, versions.get(table), judged, record) for table in tables]


def _input(table: str, version: int | None, judged: Sequence[Verdict], record: RunRecord) -> Json:
    rules = [{"assertion": verdict.rule, "success": verdict.ok} for verdict in judged if verdict.table == table]
    facets = _facet("dataQualityAssertions", assertions=rules) if rules else {}
    return {**_dataset(table, version, record), "inputFacets": facets}


def _outputs(uses: Sequence[TableUse], record: RunRecord) -> list[Json]:
    versions = {use.table: use.written for use in uses if use.written is not None}
    return [{**_dataset(table, version, record), "outputFacets": {}} for table, version in versions.items()]


def _dataset(table: str, version: int | None, record: RunRecord) -> Json:
    facets = {} if version is None else _facet("version", datasetVersion=str(version))
    return {"namespace": _namespace(record), "name": table, "facets": facets}


def _facet(name: str, **facts: Any) -> Json:
    path = FACETS[name]
    url = f"{SPEC}/facets/{path}.json#/$defs/{path.rsplit('/', 1)[1]}"
    return {name: {"_producer": PRODUCER, "_schemaURL": url, **facts}}
