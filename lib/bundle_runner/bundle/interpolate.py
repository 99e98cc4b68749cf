"""Resolve `${...}`: variables, bundle, workspace and resources, as the Databricks CLI does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bundle_runner.bundle.located import Map, Seq, Where, transform
from bundle_runner.errors import ReferenceProblem, did_you_mean
from bundle_runner.model.base import text_of

_NAME = r"[a-zA-Z](?:[-_]*[a-zA-Z0-9])*"  # each sign in one way only: nested repeats would try all of them
REFERENCE = re.compile(rf"\$\{{({_NAME}(?:\.{_NAME}(?:\[[0-9]+\])*)*)\}}")
_STEP = re.compile(r"[^.\[\]]+")

Lookup = Callable[[str], Any]
"""Return the raw value of a root name such as `var` or `workspace`."""


class Interpolator:
    """Resolve references against named roots; each is resolved when it is first used."""

    def __init__(self, roots: Mapping[str, Any]) -> None:
        self._roots = roots
        self._open: list[str] = []

    def resolve(self, tree: Any, where: Where | None = None) -> Any:
        """Return a copy of the tree without references.

        Raises: ReferenceProblem for a name that does not exist, and for a circle of references.
        """
        return transform(tree, self._leaf, where)

    def _leaf(self, value: Any, where: Where | None) -> Any:
        if not isinstance(value, str) or "${" not in value:
            return value
        whole = REFERENCE.fullmatch(value)
        if whole:
            return self._value(whole[1], where)
        return REFERENCE.sub(lambda match: self._text(match[1], where), value)

    def _text(self, reference: str, where: Where | None) -> str:
        value = text_of(self._value(reference, where))
        if not isinstance(value, str):
            kind = "nothing" if value is None else "a mapping or list"
            raise ReferenceProblem(f"{_at(where)}${{{reference}}} is {kind} and cannot stand inside a text")
        return value

    def _value(self, reference: str, where: Where | None) -> Any:
        with self._opened(reference, where):
            node: Any = self._roots
            for depth, step in enumerate(_STEP.findall(reference)):
                node = self._step(node, step, reference, where, depth)
            return self.resolve(node, where)

    def _step(self, node: Any, step: str, reference: str, where: Where | None, depth: int) -> Any:
        if depth and isinstance(node, str):
            node = self._leaf(node, where)
        if isinstance(node, Seq) and step.isdigit() and int(step) < len(node):
            return node[int(step)]
        if isinstance(node, Mapping) and step in node:
            return node[step]
        hint = did_you_mean(step, map(str, node)) if isinstance(node, Mapping) else ""
        raise ReferenceProblem(f"{_at(where)}${{{reference}}} does not exist: {step} is unknown{hint}")

    @contextmanager
    def _opened(self, reference: str, where: Where | None) -> Iterator[None]:
        if reference in self._open:
            circle = " → ".join([*self._open[self._open.index(reference) :], reference])
            raise ReferenceProblem(f"{_at(where)}references go round in a circle: {circle}")
        self._open.append(reference)
        try:
            yield
        finally:
            self._open.pop()


def _at(where: Where | None) -> str:
    return f"{where}: " if where else ""


def resources_root(resources: Any) -> Mapping[str, Any]:
    """Return the resources, each with its own key as `id`: on a laptop it has no other."""
    root: dict[str, Any] = {}
    for kind, members in (resources or {}).items():
        root[kind] = {key: _with_id(key, member) for key, member in (members or {}).items()}
    return root


def _with_id(key: str, member: Any) -> Any:
    return {"id": key, **member} if isinstance(member, Map) else member
