"""The JSON Schema of run.json, told by the records themselves; `docs/run.md` says what each field means."""

from __future__ import annotations

from typing import Any

from bundle_runner.record.records import RunRecord

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def record_schema() -> dict[str, Any]:
    """Return the schema; a field that it does not name does not occur."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(RunRecord).json_schema(mode="serialization")
    for part in schema.get("$defs", {}).values():
        if "properties" in part:
            _close(part)
    if "properties" in schema:
        _close(schema)
    return {"$schema": DIALECT, **schema, "title": "run.json"}


def _close(part: dict[str, Any]) -> None:
    part["additionalProperties"] = False
    part["required"] = [*part["properties"]]
