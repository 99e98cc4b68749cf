"""The JSON Schema of a source file, as editors read it while somebody types."""

from __future__ import annotations

from typing import Any

from sales_lakehouse.specs.source import SourceSpec

SWITCH = "# yaml-language-server: $schema=../source.schema.json"
"""The comment in a file under pipelines/sources/ by which an editor finds the schema."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def source_schema() -> dict[str, Any]:
    """Return the schema: fields with what they mean, their values and examples; no field beyond them is valid."""
    told = {
        "$schema": _DIALECT,
        "title": "Source file: how one partner or API delivers, is read, typed, keyed and judged",
    }
    return {**told, **{name: part for name, part in SourceSpec.model_json_schema().items() if name not in told}}
