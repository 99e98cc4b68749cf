"""Turn a located tree into a model, and pydantic's findings into sentences with file and line."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bundle_runner.errors import ModelError
from bundle_runner.located import Map, Seq, Where, find

Model = TypeVar("Model", bound=BaseModel)
SHOWN = 10


def parse(model: type[Model], tree: Any, what: str, where: Where | None = None) -> Model:
    """Validate a tree; `what` names it in messages and `where` is its own place.

    Raises: ModelError with one line for each finding.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        findings = error.errors(include_url=False)
        lines = [_sentence(tree, what, where, finding) for finding in findings[:SHOWN]]
        if len(findings) > SHOWN:
            lines.append(f"… and {len(findings) - SHOWN} more")
        raise ModelError("\n".join(lines)) from None


def _sentence(tree: Any, what: str, where: Where | None, finding: ErrorDetails) -> str:
    path = _written_path(tree, tuple(finding["loc"]))
    context = finding.get("ctx") or {}
    if finding["type"] == "field":
        path = (*path, str(context["name"]))
    place = find(tree, path) or where
    subject = _subject(tree, path) or what
    prefix = f"{place}: " if place else ""
    if finding["type"] == "field":
        return f"{prefix}{subject}: {finding['msg']}"
    field = str(path[-1]) if path and isinstance(path[-1], str) else ""
    return f"{prefix}{subject}: {field + ': ' if field else ''}{_lower(finding['msg'])}{_got(finding)}"


def _written_path(tree: Any, loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Keep the parts of pydantic's path that are written in the file, and the missing last one."""
    node, path = tree, list[int | str]()
    for index, part in enumerate(loc):
        known = (isinstance(node, Map) and part in node) or (isinstance(node, Seq) and isinstance(part, int))
        if not known:
            return (*path, *loc[-1:]) if index == len(loc) - 1 else tuple(path)
        node = node[part]
        path.append(part)
    return tuple(path)


def _subject(tree: Any, path: tuple[int | str, ...]) -> str | None:
    """Name the innermost task on the path."""
    node, subject = tree, None
    for part in path:
        if not isinstance(node, Map | Seq) or (isinstance(node, Map) and part not in node):
            break
        node = node[part]  # type: ignore[index]
        if isinstance(node, Map) and "task_key" in node and part != "depends_on":
            subject = f"task {node['task_key']}"
    return subject


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _got(finding: ErrorDetails) -> str:
    if finding["type"] in ("missing", "kind") or isinstance(finding["input"], Map | Seq | dict | list):
        return ""
    return f", got {str(finding['input'])[:60]!r}"
