"""The fields of the files under pipelines/ as Markdown tables, told by the models themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from sales_lakehouse.specs.source import SourceSpec
from sales_lakehouse.specs.tables import GoldSpec, SilverSpec

FILES: dict[str, type[BaseModel]] = {
    "pipelines/sources/<source>.yml": SourceSpec,
    "pipelines/silver/<table>.yml": SilverSpec,
    "pipelines/gold/<table>.yml": GoldSpec,
}
Schema = dict[str, Any]


def field_tables() -> str:
    """Return one table per file and per part of it. Grain: one row per field."""
    lines: list[str] = []
    told: set[str] = set()
    for file, model in FILES.items():
        schema = model.model_json_schema()
        lines += [f"### `{file}`", "", *_table(schema)]
        for place, name in _parts(schema, schema.get("$defs", {}), ""):
            if name not in told:
                told.add(name)
                lines += [f"#### {place}", "", f"{schema['$defs'][name]['description']}", ""]
                lines += _table(schema["$defs"][name])
    return "\n".join(lines).rstrip()


def _table(schema: Schema) -> Iterator[str]:
    yield "| field | values | where left out | meaning |"
    yield "|---|---|---|---|"
    for name, field in schema["properties"].items():
        left_out = "required" if name in schema.get("required", ()) else _default(field.get("default"))
        yield f"| `{name}` | {_values(field)} | {left_out} | {field['description']} |"
    yield ""


def _parts(schema: Schema, parts: dict[str, Schema], path: str) -> Iterator[tuple[str, str]]:
    """Yield place and name of every part of a file, in the order of its fields."""
    for field, content in schema["properties"].items():
        for name, inside in _references(content):
            part = parts[name]
            kind = part["properties"].get("kind", {}).get("const")
            place = f"{path}{field}{inside}"
            yield f"`{place}`" + (f" with `kind: {kind}`" if kind else ""), name
            yield from _parts(part, parts, f"{place}.")


def _references(field: Schema, inside: str = "") -> Iterator[tuple[str, str]]:
    if "$ref" in field:
        yield field["$ref"].rsplit("/", 1)[1], inside
    for choice in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _references(choice, inside)
    if isinstance(field.get("items"), dict):
        yield from _references(field["items"], "[]")
    for named in field.get("patternProperties", {}).values():
        yield from _references(named, ".<column>")


def _values(field: Schema) -> str:
    if "const" in field or "enum" in field:
        return " or ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    choices = [choice for choice in (*field.get("anyOf", ()), *field.get("oneOf", ())) if choice.get("type") != "null"]
    if choices:
        return " or ".join(dict.fromkeys(map(_values, choices)))
    if field.get("type") == "array":
        return f"list of {_values(field['items'])}s"
    if "$ref" in field:
        return "part"
    if "patternProperties" in field:
        return "one part per column"
    return _word(field)


def _word(field: Schema) -> str:
    word = {"string": "text", "boolean": "true or false", "object": "`name: text` lines"}.get(
        field["type"], field["type"]
    )
    return f"{word} from {field['minimum']} to {field['maximum']}" if "maximum" in field else str(word)


def _default(value: object) -> str:
    if value in (None, "", [], ()):
        return "none"
    if isinstance(value, dict):
        return "as below"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
