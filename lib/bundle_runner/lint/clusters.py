"""Rules on what a cluster is: its size and its version of Spark, wherever the bundle describes one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bundle_runner.bundle.located import Map
from bundle_runner.lint.finding import Finding, error, warning
from bundle_runner.lint.places import a_map, a_text, members, opaque
from bundle_runner.lint.reading import ReadBundle

TWO_SIZES = error(
    "B414",
    "A cluster has num_workers and autoscale",
    "Its size is said twice; the workspace refuses the cluster.",
    "{num_workers: 2, autoscale: {…}}",
    "{num_workers: 2}",
)
BACKWARDS = error(
    "B418",
    "A cluster grows from more to fewer workers",
    "The workspace refuses the cluster.",
    "autoscale: {min_workers: 8, max_workers: 2}",
    "autoscale: {min_workers: 2, max_workers: 8}",
)
NO_WORKERS = warning(
    "B422",
    "A cluster has no workers, and is not set up as a single node",
    "Spark waits for workers that never come; num_workers: 0 alone makes no single node.",
    "{num_workers: 0}",
    "{is_single_node: true, kind: CLASSIC_PREVIEW}, or profile, master and tag of a single node",
)
NO_VERSION = error(
    "B423",
    "spark_version is no version of the runtime",
    "Versions are written with an x and with Scala's version; the workspace refuses the cluster.",
    "spark_version: 15.4",
    "spark_version: 15.4.x-scala2.12",
)
SINGLE_NODE = (
    ("spark_conf", "spark.databricks.cluster.profile", "singleNode"),
    ("spark_conf", "spark.master", "local"),
    ("custom_tags", "ResourceClass", "SingleNode"),
)
VERSION = re.compile(r"\d+\.(?:\d+\.)?x-(?:[\w-]+-)?scala\d+\.\d+")


def check_clusters(bundle: ReadBundle) -> Iterator[Finding]:
    """Check every mapping that describes a cluster, as each target sees it."""
    for view in bundle.views:
        for node in _mappings(a_map(view.tree.get("resources"))):
            yield from _size(node)
            yield from _single(node)
            yield from _version(node)


def _mappings(node: Any) -> Iterator[Map]:
    if isinstance(node, list):
        for item in node:
            yield from _mappings(item)
    elif isinstance(node, Map):
        yield node
        for _, value, _ in members(node):
            yield from _mappings(value)


def _size(node: Map) -> Iterator[Finding]:
    grows = a_map(node.get("autoscale"))
    if grows and node.get("num_workers") is not None:
        yield TWO_SIZES.at(node.where["autoscale"], "num_workers and autoscale both say the size; keep one")
    least, most = grows.get("min_workers"), grows.get("max_workers")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield BACKWARDS.at(node.where["autoscale"], f"min_workers {least} is more than max_workers {most}")


def _single(node: Map) -> Iterator[Finding]:
    """Ask for what the CLI asks for; a policy may set it where no file shows it."""
    if a_text(node.get("num_workers")) != "0" or node.get("is_single_node") or node.get("policy_id"):
        return
    unknown = [part for part, _, _ in SINGLE_NODE if opaque(node.get(part))]
    for part, name, value in () if unknown else SINGLE_NODE:
        written = a_map(node.get(part)).get(name)
        if not opaque(written) and not str(written).startswith(value):
            yield NO_WORKERS.at(
                node.where["num_workers"],
                f"num_workers is 0, and {part} does not say {name}: {value}{'[*]' if value == 'local' else ''}; "
                "add it, or give the cluster a worker",
            )
            return


def _version(node: Map) -> Iterator[Finding]:
    text = a_text(node.get("spark_version"))
    if text is not None and text[:1].isdigit() and not VERSION.fullmatch(text):
        yield NO_VERSION.at(
            node.where["spark_version"],
            f"spark_version {text!r} is no version of the runtime; say it as 15.4.x-scala2.12",
        )
