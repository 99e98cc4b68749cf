"""Rules on fields: unknown ones, wrong types, values that the CLI refuses or rewrites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from bundle_runner.bundle.located import Document, Where, holds_anchor
from bundle_runner.errors import did_you_mean
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import opaque
from bundle_runner.lint.reading import ReadBundle
from bundle_runner.lint.scalars import number, sent, whole_number
from bundle_runner.lint.shapes import SCALARS, Shape, Type, shapes

UNKNOWN = error(
    "B101",
    "A field is unknown",
    "The CLI only warns and drops the field: what it was meant to set is not set.",
    "timeout_second: 600",
    "timeout_seconds: 600",
)
WRONG_TYPE = error(
    "B102",
    "A value has the wrong type",
    "The CLI drops the value or the deployment fails.",
    "max_concurrent_runs: many",
    "max_concurrent_runs: 1",
)
NO_CHOICE = error(
    "B103",
    "A value is none of those that are possible",
    "The CLI only warns; the workspace refuses it.",
    "run_if: ALL_SUCCEEDED",
    "run_if: ALL_SUCCESS",
)
REWRITTEN = warning(
    "B105",
    "A plain number or date stands where text is wanted",
    "YAML reads it as a number and the CLI writes it anew: 1.50 arrives as 1.5, 007 as 7.",
    "spark_conf: {spark.task.cpus: 1.50}",
    'spark_conf: {spark.task.cpus: "1.50"}',
)
OUT_OF_RANGE = error(
    "B106",
    "A number is out of its range",
    "The workspace refuses the job.",
    "concurrency: 1000",
    "concurrency: 100",
)

TAG = "tag:yaml.org,2002:"
WORDS_FOR_BOOL = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n"})


def check_fields(bundle: ReadBundle) -> Iterator[Finding]:
    """Check every file against the table of fields."""
    for file in bundle.files:
        if isinstance(file.node, yaml.MappingNode):
            yield from _Walk(file).shape(file.node, shapes()["file"], "the bundle")


class _Walk:
    """One walk through a file; an anchor that stands in several places is judged in each, and told once."""

    def __init__(self, file: Document) -> None:
        self._path: Path = file.path

    def _at(self, node: yaml.Node) -> Where:
        return Where(self._path, node.start_mark.line + 1, node.start_mark.column + 1)

    def shape(self, node: yaml.MappingNode, shape: Shape, subject: str) -> Iterator[Finding]:
        written = {str(key.value): (key, value) for key, value in node.value}
        for name, (key, value) in written.items():
            kind = shape.fields.get(name)
            if kind is None and (shape.is_open or holds_anchor(key, value)):
                continue  # what an anchor holds is judged where `*name` repeats it
            if kind is None:
                is_resource = name in shapes()["resources"].fields and "resources" in shape.fields
                hint = "; it belongs under resources" if is_resource else did_you_mean(name, shape.fields)
                yield UNKNOWN.at(self._at(key), f"{subject} has no field {name}, so it would be dropped{hint}")
            else:
                yield from self.value(value, kind, name)

    def value(self, node: yaml.Node, kind: Type, name: str) -> Iterator[Finding]:
        if kind.name == "any" or _is_unset(node) or (isinstance(node, yaml.ScalarNode) and opaque(node.value)):
            return
        if kind.items:
            yield from self._sequence(node, kind.items, name)
        elif kind.members or kind.name == "texts":
            yield from self._mapping(node, kind.members or Type("text"), name)
        elif kind.name in SCALARS or kind.choices:
            yield from self._scalar(node, kind, name)
        elif isinstance(node, yaml.MappingNode):
            yield from self.shape(node, shapes()[kind.name], _subject(node, kind.name, name))
        else:
            yield self._wrong(node, name, "a mapping")

    def _sequence(self, node: yaml.Node, kind: Type, name: str) -> Iterator[Finding]:
        if not isinstance(node, yaml.SequenceNode):
            yield self._wrong(node, name, "a list")
            return
        for item in node.value:
            yield from self.value(item, kind, f"an entry of {name}")

    def _mapping(self, node: yaml.Node, kind: Type, name: str) -> Iterator[Finding]:
        if not isinstance(node, yaml.MappingNode):
            yield self._wrong(node, name, "a mapping")
            return
        for key, value in node.value:
            yield from self.value(value, kind, str(key.value))

    def _scalar(self, node: yaml.Node, kind: Type, name: str) -> Iterator[Finding]:
        if not isinstance(node, yaml.ScalarNode):
            yield self._wrong(node, name, _expected(kind))
        elif kind.choices:
            if node.value not in kind.choices:
                other_case = node.value.upper() if node.value.upper() in kind.choices else node.value
                hint = did_you_mean(other_case, kind.choices)
                yield NO_CHOICE.at(self._at(node), f"{name} cannot be {node.value!r}, it would be refused{hint}")
        elif kind.name == "text":
            yield from self._text(node, name)
        elif not _fits(node, kind):
            yield self._wrong(node, name, _expected(kind))
        elif not _within(whole_number(node), kind):
            yield OUT_OF_RANGE.at(self._at(node), f"{name} must be {_expected(kind)}, got {node.value}")

    def _text(self, node: yaml.ScalarNode, name: str) -> Iterator[Finding]:
        text = sent(node)
        if text != node.value:
            yield REWRITTEN.at(
                self._at(node), f'{name}: {node.value} would arrive as "{text}"; quote it: "{node.value}"'
            )

    def _wrong(self, node: yaml.Node, name: str, expected: str) -> Finding:
        is_scalar = isinstance(node, yaml.ScalarNode)
        got = repr(node.value[:40]) if is_scalar else "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
        return WRONG_TYPE.at(self._at(node), f"{name} must be {expected}, got {got}; the CLI would drop it")


def _subject(node: yaml.MappingNode, shape: str, name: str) -> str:
    """Name a mapping in a sentence: by its key where it has one."""
    for key, value in node.value:
        if key.value in ("task_key", "job_cluster_key", "environment_key") and isinstance(value, yaml.ScalarNode):
            return f"{shape} {value.value}"
    return f"{shape} {name}" if shape in ("job", "target", "variable", "artifact", "script", "cluster") else name


def _is_unset(node: yaml.Node) -> bool:
    return node.tag == TAG + "null"


def _fits(node: yaml.ScalarNode, kind: Type) -> bool:
    if kind.name == "bool":
        return node.value.lower() in WORDS_FOR_BOOL
    return (whole_number(node) if kind.name == "int" else number(node)) is not None


def _within(found: int | None, kind: Type) -> bool:
    if found is None:
        return True
    return (kind.least is None or kind.least <= found) and (kind.most is None or found <= kind.most)


def _expected(kind: Type) -> str:
    if kind.least is not None:
        return f"a whole number {f'{kind.least} to {kind.most}' if kind.most else f'of at least {kind.least}'}"
    return {"int": "a whole number", "number": "a number", "bool": "true or false"}.get(kind.name, "a text")
