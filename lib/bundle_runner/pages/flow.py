"""The books as a flow: how many records went from where to where, as bands whose width is their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bundle_runner.pages.frame import LONGEST_NAME, shortened, text_width
from bundle_runner.pages.layers import depths, rows, untangled
from bundle_runner.record.told import Stream

HEIGHT = 240
"""What the widest layer's records take; the gaps come on top."""
GAP, BAR, INSET, NEAREST = 14, 12, 6, 90
"""What lies between places of a layer, a place's own width, what is free around a label, the least way of a band."""
THINNEST, SMALLEST = 1.5, 14.0
COLOURS = 7
"""How many colours the style knows for bands."""


@dataclass(frozen=True)
class Place:
    """A place of the books with what came in and what went out; `x` and `y` are its upper left corner."""

    name: str
    came: int
    went: int
    x: float
    y: float
    height: float

    @property
    def label(self) -> str:
        """Return the name as the picture shows it."""
        return shortened(self.name, LONGEST_NAME)

    @property
    def room(self) -> float:
        """Return what the place takes with its label and its count."""
        return BAR + INSET + text_width(f"{self.label} ") + text_width(f"{self.count:,}", bold=True) + INSET

    @property
    def count(self) -> int:
        """Return the records that it held."""
        return max(self.came, self.went)

    @property
    def closes(self) -> bool:
        """Tell whether as much went out as came in; what the flow begins or ends with has only one side."""
        return not self.came or not self.went or self.came == self.went


@dataclass(frozen=True)
class Band:
    """A stream as a path of a width, in the colour of where it comes from."""

    stream: Stream
    path: str
    width: float
    colour: int


@dataclass(frozen=True)
class FlowPicture:
    """A picture of `width` × `height`."""

    places: tuple[Place, ...]
    bands: tuple[Band, ...]
    width: float
    height: float


def draw_flow(streams: Sequence[Stream]) -> FlowPicture | None:
    """Return the picture; None when there is nothing to show, or it goes round in a circle."""
    edges = [(stream.source, stream.target) for stream in streams]
    names = list(dict.fromkeys(name for edge in edges for name in edge))
    found = depths(names, edges)
    if not names or found is None:
        return None
    layers = untangled(rows(found), edges)
    places = _places(layers, streams)
    bands = _bands(streams, places, _colours(layers, streams))
    width = max(place.x + place.room for place in places.values())
    return FlowPicture(tuple(places.values()), bands, width, max(p.y + p.height for p in places.values()))


def _places(layers: Sequence[Sequence[str]], streams: Sequence[Stream]) -> dict[str, Place]:
    came = {name: sum(s.count for s in streams if s.target == name) for layer in layers for name in layer}
    went = {name: sum(s.count for s in streams if s.source == name) for layer in layers for name in layer}
    most = max(sum(max(came[name], went[name]) for name in layer) for layer in layers)
    places: dict[str, Place] = {}
    x = 0.0
    for layer in layers:
        y = 0.0
        for name in layer:
            height = max(SMALLEST, HEIGHT * max(came[name], went[name]) / most)
            places[name] = Place(name, came[name], went[name], x, y, height)
            y += height + GAP
        x += max(places[name].room for name in layer) + NEAREST
    return places


def _bands(streams: Sequence[Stream], places: dict[str, Place], colours: Mapping[str, int]) -> tuple[Band, ...]:
    left, right = dict.fromkeys(places, 0.0), dict.fromkeys(places, 0.0)
    bands = []
    for stream in sorted(streams, key=lambda s: (places[s.source].y, places[s.target].y)):
        source, target = places[stream.source], places[stream.target]
        out, into = source.height * stream.count / source.count, target.height * stream.count / target.count
        x, end = source.x + BAR, target.x
        y, below = source.y + left[stream.source] + out / 2, target.y + right[stream.target] + into / 2
        left[stream.source] += out
        right[stream.target] += into
        middle = (x + end) / 2
        path = f"M{x:g} {y:.1f} C{middle:g} {y:.1f} {middle:g} {below:.1f} {end:g} {below:.1f}"
        bands.append(Band(stream, path, max(THINNEST, min(out, into)), colours[stream.source]))
    return tuple(bands)


def _colours(layers: Sequence[Sequence[str]], streams: Sequence[Stream]) -> dict[str, int]:
    """Give what comes from one place alone the colour of that place, so that the eye can follow it."""
    colours: dict[str, int] = {}
    for layer in layers:
        for name in layer:
            sources = {stream.source for stream in streams if stream.target == name}
            own = len({*colours.values()}) % COLOURS
            colours[name] = colours[sources.pop()] if len(sources) == 1 else own
    return colours
