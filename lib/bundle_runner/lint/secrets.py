"""Rules on secrets in the files of a bundle; what stands in notebooks, notebooks.py says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bundle_runner.bundle.located import Map, Seq, Where
from bundle_runner.lint.finding import Finding, error
from bundle_runner.lint.places import a_text, members
from bundle_runner.lint.reading import ReadBundle
from bundle_runner.plan.leaks import secret_in

IN_BUNDLE = error(
    "B107",
    "A secret stands in the bundle",
    "Whoever reads the repository has it; change it, then name it by scope and key.",
    'spark_env_vars: {TOKEN: "dapi0123…"}',
    "spark_env_vars: {TOKEN: {{secrets/shop/token}}}",
)
VALUES = ("default", "value")


def check_secrets(bundle: ReadBundle) -> Iterator[Finding]:
    """Look at every line, and at every value together with the name that it goes by."""
    for file in bundle.files:
        lines = ((said, number) for number, line in enumerate(file.text.splitlines(), 1) if (said := secret_in(line)))
        named = ((said, where.line) for said, where in _named(file.tree, ""))
        for line, said in {number: said for said, number in (*named, *lines)}.items():
            yield IN_BUNDLE.at(Where(file.path, line), f"this looks like {said}; change it and use a reference")


def _named(node: Any, name: str) -> Iterator[tuple[str, Where]]:
    if isinstance(node, Seq):
        for item in node:
            yield from _named(item, name)
    if isinstance(node, Map):
        own = a_text(node.get("name")) or name
        for key, value, where in members(node):
            called = own if key in VALUES else key
            text = a_text(value)
            if text is not None and (said := secret_in(f"{called}: {text!r}")):
                yield said, where
            yield from _named(value, called)
