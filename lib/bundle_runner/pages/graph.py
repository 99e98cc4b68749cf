"""The task graph as a picture: where each box stands and which way each line takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bundle_runner.pages.frame import LONGEST_NAME, shortened, sign, text_width
from bundle_runner.pages.layers import Edge, depths, rows, untangled
from bundle_runner.record.records import TaskRecord

NARROWEST, HEIGHT = 120, 44
INSET = 10
"""What is left free in a box beside its text."""
GAP, DOWN = 24, 70
BEND_WIDTH = 40
"""What a line takes of a layer that it only passes."""


@dataclass(frozen=True)
class Box:
    """A task with the two lines of its box, and the box's upper left corner."""

    task: TaskRecord
    name: str
    told: str
    rule: str
    x: float
    y: float


@dataclass(frozen=True)
class Line:
    """The path from one box to another, and the outcome that lets it pass."""

    path: str
    label: str
    x: float
    y: float


@dataclass(frozen=True)
class GraphPicture:
    """A picture of `width` × `height`; every box is `box_width` wide, so that the longest text fits."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    box_width: float
    width: float
    height: float


def draw_graph(tasks: Sequence[TaskRecord]) -> GraphPicture | None:
    """Return the picture; None where the record does not tell what hangs on what."""
    by_key = {task.task_key: task for task in tasks}
    edges = [(before, task.task_key) for task in tasks for before in task.depends_on if before in by_key]
    found = depths(by_key, edges)
    if found is None or not any(task.depends_on for task in tasks):
        return None
    bent, steps = _bent(found, edges)
    layers = untangled(rows(bent), [step for way in steps.values() for step in pairwise(way)])
    box_width = max(_width_of(task) for task in tasks)
    centres, width = _centres(layers, by_key.keys(), box_width + GAP)
    boxes = tuple(_box(task, centres[key] - box_width / 2, found[key] * DOWN) for key, task in by_key.items())
    lines = tuple(_line(way, centres, bent, by_key[way[-1]].depends_on.get(way[0])) for way in steps.values())
    return GraphPicture(boxes, lines, box_width, width, (len(layers) - 1) * DOWN + HEIGHT)


def _box(task: TaskRecord, x: float, y: float) -> Box:
    told = f"{sign(task.state)[1]} {task.state or 'UNFINISHED'}" + (f": {task.outcome}" if task.outcome else "")
    rule = task.run_if if task.run_if not in ("", "ALL_SUCCESS") else ""
    return Box(task, shortened(task.task_key, LONGEST_NAME), told, rule, x, y)


def _width_of(task: TaskRecord) -> float:
    box = _box(task, 0, 0)
    second = f"{box.told} {box.rule}" if box.rule else box.told
    return max(NARROWEST, text_width(box.name, bold=True) + 2 * INSET, text_width(second) + 2 * INSET)


def _bent(found: dict[str, int], edges: Sequence[Edge]) -> tuple[dict[str, int], dict[Edge, list[str]]]:
    """Give each line a place in every layer that it passes, so that it runs through no box."""
    places, ways = dict(found), {}
    for source, target in edges:
        passed = {f"{source} > {target} @ {layer}": layer for layer in range(found[source] + 1, found[target])}
        places |= passed
        ways[source, target] = [source, *passed, target]
    return places, ways


def _centres(layers: Sequence[Sequence[str]], tasks: object, across: float) -> tuple[dict[str, float], float]:
    spans = [[across if node in tasks else BEND_WIDTH for node in layer] for layer in layers]  # type: ignore[operator]
    width = max(sum(span) for span in spans)
    centres: dict[str, float] = {}
    for layer, span in zip(layers, spans, strict=True):
        x = (width - sum(span)) / 2
        for node, space in zip(layer, span, strict=True):
            centres[node] = x + space / 2
            x += space
    return centres, width


def _line(way: Sequence[str], centres: dict[str, float], layer: dict[str, int], outcome: str | None) -> Line:
    x, y = centres[way[0]], layer[way[0]] * DOWN + HEIGHT
    path = [f"M{x:g} {y:g}"]
    for node in way[1:]:
        below = layer[node] * DOWN
        middle = (y + below) / 2
        path.append(f"C{x:g} {middle:g} {centres[node]:g} {middle:g} {centres[node]:g} {below:g}")
        x, y = centres[node], below
        if node != way[-1]:
            y += HEIGHT
            path.append(f"L{x:g} {y:g}")
    last = layer[way[1]] * DOWN
    label_x = (centres[way[0]] + centres[way[1]]) / 2 + 6
    return Line(" ".join(path), outcome or "", label_x, last - (DOWN - HEIGHT) / 2 + 4)
