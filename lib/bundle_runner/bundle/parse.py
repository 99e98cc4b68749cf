"""Turn a located tree into a model, and pydantic's findings into sentences with file and line."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bundle_runner.bundle.located import Map, Seq, Where, find, transform
from bundle_runner.bundle.wording import wrong_value
from bundle_runner.errors import ModelError

Model = TypeVar("Model", bound=BaseModel)
SHOWN = 10


def parse(
    model: type[Model], tree: Any, what: str, where: Where | None = None, left_out: list[str] | None = None
) -> Model:
    """Validate a tree; `what` names it in messages and `where` is its own place.

    Names that nobody knows are left out, as by the CLI, and told to `left_out`; without it they are errors.

    Raises: ModelError with one line for each finding.
    """
    while True:
        try:
            return model.model_validate(tree)
        except ValidationError as error:
            findings = [one for one in error.errors(include_url=False) if not _follows(one)]
        unknown = [finding for finding in findings if finding["type"] == "unknown"]
        if left_out is None or not unknown:
            raise ModelError("\n".join(_bounded([_sentence(tree, what, where, finding) for finding in findings])))
        for finding in unknown:
            path = (*_written_path(tree, finding["loc"]), str(finding["ctx"]["name"]))
            place = find(tree, path)
            if place is None or not place.anchored:
                words = _sentence(tree, what, where, finding)
                left_out.append(f"{words}; it is left out, as the Databricks CLI does")
            tree = _without(tree, path)


def _follows(finding: ErrorDetails) -> bool:
    """Tell whether a list only counts as empty because what stands in it is wrong, which is told."""
    return finding["type"] == "too_short" and bool(finding["input"])


def _bounded(lines: list[str]) -> list[str]:
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], f"… and {len(lines) - SHOWN} more"]


def _without(tree: Any, path: tuple[int | str, ...]) -> Any:
    """Return a copy of the tree without what stands at a path."""
    copy = transform(tree, lambda value, _: value)
    node = copy
    for part in path[:-1]:
        node = node[part]
    del node[path[-1]], node.where[path[-1]]
    return copy


def _sentence(tree: Any, what: str, where: Where | None, finding: ErrorDetails) -> str:
    path = _written_path(tree, finding["loc"])
    named = finding["type"] in ("field", "unknown")
    if named:
        path = (*path, str(finding["ctx"]["name"]))
    place = find(tree, path) or where
    prefix = f"{place}: " if place else ""
    said = finding["msg"] if named else f"{_field(path)}{wrong_value(finding)}"
    if finding["type"] == "kind":
        said = f"{path[-1]}: {finding['msg']}" if isinstance(path[-1], str) else finding["msg"]
    return f"{prefix}{_subject(tree, path) or what}: {said}"


def _field(path: tuple[int | str, ...]) -> str:
    """Name the field at the end of a path, or the list whose entry stands there."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return "it "
    return f"{names[-1]} " if names[-1] == path[-1] else f"an entry of {names[-1]} "


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
