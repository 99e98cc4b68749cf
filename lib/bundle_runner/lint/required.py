"""Rules on what must be there, judged on the bundle as a target sees it: files and targets may each say a part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bundle_runner.bundle.located import Map, Seq, Where
from bundle_runner.lint.finding import Finding, error
from bundle_runner.lint.places import a_map, members
from bundle_runner.lint.reading import ReadBundle
from bundle_runner.lint.shapes import Type, shapes

MISSING = error(
    "B104",
    "A required field is missing",
    "The CLI only warns; the workspace refuses the job.",
    "parameters: [{name: day}]",
    'parameters: [{name: day, default: ""}]',
)
NO_NAME = error(
    "B606",
    "The bundle has no name",
    "The CLI refuses it.",
    "bundle: {}",
    "bundle: {name: sales}",
)
KEYS = ("task_key", "job_cluster_key", "environment_key", "name")


def check_required(bundle: ReadBundle) -> Iterator[Finding]:
    """Look for required fields that neither a file nor the target gives."""
    for view in bundle.views:
        for name, value, where in members(view.tree):
            kind = shapes()["file"].fields.get(name)
            if kind is not None and name not in ("targets", "environments"):
                yield from _below(value, kind, name, where)
    if bundle.views and not a_map(bundle.merged.get("bundle")).get("name"):
        yield NO_NAME.at(
            bundle.merged.where.get("bundle", Where(bundle.path, 1)), "the bundle has no name; say bundle: {name: …}"
        )


def _below(value: Any, kind: Type, name: str, where: Where) -> Iterator[Finding]:
    if kind.items and isinstance(value, Seq):
        for item, place in zip(value, value.where, strict=True):
            yield from _below(item, kind.items, f"an entry of {name}", place)
    elif kind.members:
        for key, item, place in members(value):
            yield from _below(item, kind.members, key, place)
    elif kind.name in shapes() and isinstance(value, Map):
        shape = shapes()[kind.name]
        for field in shape.required:
            if field not in value:
                yield MISSING.at(where, f"{_subject(value, kind.name, name)} needs {field}, and it is not there")
        for key, item, place in members(value):
            if key in shape.fields:
                yield from _below(item, shape.fields[key], key, place)


def _subject(value: Map, shape: str, name: str) -> str:
    """Name a mapping in a sentence: by its key where it has one."""
    key = next((value[key] for key in KEYS if isinstance(value.get(key), str)), None)
    return name if key is None or shape not in ("task", "job_cluster", "environment", "parameter") else f"{shape} {key}"
