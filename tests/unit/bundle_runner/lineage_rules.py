"""What OpenLineage asks of events, written from its specification 2-0-2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

FACETS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["_producer", "_schemaURL"],
        "properties": {"_producer": {"format": "uri"}, "_schemaURL": {"type": "string", "pattern": "^https://.*#/"}},
    },
}
DATASETS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["namespace", "name"],
        "properties": {
            "namespace": {"type": "string", "minLength": 1},
            "name": {"type": "string", "minLength": 1},
            "facets": FACETS,
            "inputFacets": FACETS,
            "outputFacets": FACETS,
        },
        "additionalProperties": False,
    },
}
RUN_EVENT = {
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL", "run", "job"],
    "properties": {
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {"type": "string", "format": "date-time", "pattern": "Z$"},
        "producer": {"type": "string", "format": "uri"},
        "schemaURL": {"const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        "run": {
            "type": "object",
            "required": ["runId"],
            "properties": {"runId": {"type": "string", "format": "uuid"}, "facets": FACETS},
            "additionalProperties": False,
        },
        "job": {
            "type": "object",
            "required": ["namespace", "name"],
            "properties": {"namespace": {"type": "string"}, "name": {"type": "string"}, "facets": FACETS},
            "additionalProperties": False,
        },
        "inputs": DATASETS,
        "outputs": DATASETS,
    },
    "additionalProperties": False,
}
ENDS = {"COMPLETE", "ABORT", "FAIL"}


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file that are whole."""
    found = []
    for text in path.read_text().splitlines():
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
    return found


def types_by_run(folder: Path) -> dict[str, list[str]]:
    """Check every event of a run folder, and return the types of each run's, in their order, by the job's name.

    Runs of one job, as a repair or a loop makes them, are told apart by a number.
    """
    validator = Draft202012Validator(RUN_EVENT, format_checker=FormatChecker())
    found: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for event in lines_of(folder / "openlineage.jsonl"):
        validator.validate(event)
        job, run_id = event["job"]["name"], event["run"]["runId"]
        name = names.setdefault(run_id, f"{job}#{sum(one.split('#')[0] == job for one in names.values())}")
        found.setdefault(name, []).append(event["eventType"])
    assert found, "no event was told"
    return found


def unsound(types: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the runs that have not exactly one START and after it exactly one end."""
    return {name: told for name, told in types.items() if len(told) != 2 or told[0] != "START" or told[1] not in ENDS}
