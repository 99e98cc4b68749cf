"""Place what depends on each other in layers, so that every line of a picture leads one layer on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Edge = tuple[str, str]


def depths(nodes: Iterable[str], edges: Iterable[Edge]) -> dict[str, int] | None:
    """Return how many steps lead at most to each node; None when the edges go round in a circle."""
    found = dict.fromkeys(nodes, 0)
    edges = [edge for edge in edges if edge[0] in found and edge[1] in found]
    for _ in range(len(found) + 1):
        late = [(source, target) for source, target in edges if found[target] <= found[source]]
        if not late:
            return found
        for source, target in late:
            found[target] = max(found[target], found[source] + 1)
    return None


def rows(found: Mapping[str, int]) -> list[list[str]]:
    """Return the nodes of each layer in the order in which they were named."""
    layers: list[list[str]] = [[] for _ in range(max(found.values(), default=-1) + 1)]
    for node, depth in found.items():
        layers[depth].append(node)
    return layers


def untangled(layers: Sequence[Sequence[str]], edges: Iterable[Edge]) -> list[list[str]]:
    """Return the layers, each sorted by where its predecessors stand: fewer lines cross."""
    before: dict[str, list[str]] = {}
    for source, target in edges:
        before.setdefault(target, []).append(source)
    place: dict[str, float] = {}
    sorted_layers = []
    for layer in layers:
        places = {node: _mean([place[one] for one in before.get(node, []) if one in place]) for node in layer}
        ordered = sorted(layer, key=lambda node: places[node])
        place |= {node: (i + 1) / (len(ordered) + 1) for i, node in enumerate(ordered)}
        sorted_layers.append(ordered)
    return sorted_layers


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.5
