"""Read YAML so that every value still knows its file and line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from bundle_runner.errors import BundleError


@dataclass(frozen=True)
class Where:
    """A place in a file; lines and columns count from 1. `anchored`: the key's value is, or holds, a YAML anchor."""

    file: Path
    line: int
    column: int = 1
    anchored: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Map(dict[str, Any]):
    """A mapping whose keys know where they were written."""

    def __init__(self) -> None:
        super().__init__()
        self.where: dict[str, Where] = {}

    def put(self, key: str, value: Any, where: Where) -> None:
        """Set a value together with its place."""
        self[key] = value
        self.where[key] = where


class Seq(list[Any]):
    """A list whose items know where they were written."""

    def __init__(self) -> None:
        super().__init__()
        self.where: list[Where] = []

    def add(self, value: Any, where: Where) -> None:
        """Append a value together with its place."""
        self.append(value)
        self.where.append(where)


class _Loader(yaml.SafeLoader):
    """The scalars of the Databricks CLI: no dates, no `yes` and `no`."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith((":timestamp", ":bool"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


_ANCHOR = re.compile(r"(?::|-|^)\s+&\w|^\s*:\s*&\w")


def load(path: Path) -> Map:
    """Read a YAML file whose root is a mapping.

    Raises: BundleError when it cannot be read, is not YAML, or says one key twice.
    """
    document = compose(path)
    for twin in document.twins:
        raise BundleError(f"{twin.where}: {twin.name} stands here and in line {twin.first}; keep one")
    return document.tree


@dataclass(frozen=True)
class Twin:
    """A key that its mapping says twice, and the line where it stood first."""

    name: str
    where: Where
    first: int


@dataclass(frozen=True)
class Document:
    """A YAML file as text, as nodes with `<<` laid into them, and as located values."""

    path: Path
    text: str
    node: yaml.Node | None
    twins: tuple[Twin, ...]
    tree: Map


def compose(path: Path) -> Document:
    """Read a YAML file whose root is a mapping; of a key that stands twice the last value counts.

    Raises: BundleError when it cannot be read or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        loader = _Loader(text)
        node = loader.get_single_node()
        found = tuple(_twins(node, path, set()))
        value = Map() if node is None else _build(loader, node, path)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BundleError(f"{path}:{line}: this is not YAML: {error.problem}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BundleError(f"{path}: cannot be read: {error}") from error
    if not isinstance(value, Map):
        raise BundleError(f"{path}:1: expected a mapping such as `bundle:` …, got {type(value).__name__}")
    return Document(path, text, node, found, value)


def _build(loader: _Loader, node: yaml.Node, path: Path) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path)
    if isinstance(node, yaml.SequenceNode):
        seq = Seq()
        for item in node.value:
            seq.add(_build(loader, item, path), _where(item, path))
        return seq
    return loader.construct_object(node)


def _mapping(loader: _Loader, node: yaml.MappingNode, path: Path) -> Map:
    loader.flatten_mapping(node)
    result = Map()
    for key, value in node.value:
        place = replace(_where(key, path), anchored=holds_anchor(key, value))
        result.put(str(key.value), _build(loader, value, path), place)
    return result


def holds_anchor(key: yaml.Node, value: yaml.Node) -> bool:
    """Tell whether what stands behind a key is an anchor or holds one."""
    written = (key.end_mark.buffer or "")[key.end_mark.pointer : value.end_mark.pointer]
    return _ANCHOR.search(written) is not None


def _twins(node: yaml.Node | None, path: Path, checked: set[int]) -> Iterator[Twin]:
    """Yield the keys that a mapping says twice; asked before `<<` is laid into its mappings."""
    if node is None or id(node) in checked:
        return
    checked.add(id(node))
    seen: dict[str, int] = {}
    for item in node.value if isinstance(node, yaml.MappingNode) else ():
        name, where = str(item[0].value), _where(item[0], path)
        if name in seen:
            yield Twin(name, where, seen[name])
        seen.setdefault(name, where.line)
    for item in node.value if isinstance(node, yaml.CollectionNode) else ():
        yield from _twins(item[1] if isinstance(item, tuple) else item, path, checked)


def _where(node: yaml.Node, path: Path) -> Where:
    return Where(path, node.start_mark.line + 1, node.start_mark.column + 1)


def merge(base: Map, over: Map) -> Map:
    """Lay `over` upon `base`: mappings are merged, keyed lists by their key, all else is replaced."""
    result = Map()
    for source in (base, over):
        for key, value in source.items():
            merged = _merge_value(key, result[key], value) if key in result else value
            result.put(key, merged, source.where[key])
    return result


LIST_KEYS = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "environments": "environment_key",
    "parameters": "name",
}


def _merge_value(key: str, old: Any, new: Any) -> Any:
    if isinstance(old, Map) and isinstance(new, Map):
        return merge(old, new)
    if isinstance(old, Seq) and isinstance(new, Seq) and key in LIST_KEYS:
        return _merge_keyed(LIST_KEYS[key], old, new)
    return new


def _merge_keyed(name: str, old: Seq, new: Seq) -> Seq:
    result = Seq()
    place: dict[Any, int] = {}
    for source in (old, new):
        for item, where in zip(source, source.where, strict=True):
            key = item.get(name) if isinstance(item, Map) else None
            if key is not None and key in place:
                result[place[key]] = merge(result[place[key]], item)
                continue
            place[key] = len(result)
            result.add(item, where)
    return result


def find(root: Any, path: tuple[str | int, ...]) -> Where | None:
    """Return the place of the deepest part of a path that is written down."""
    found: Where | None = None
    node = root
    for part in path:
        in_map = isinstance(node, Map) and part in node
        in_seq = isinstance(node, Seq) and isinstance(part, int) and part < len(node)
        if not in_map and not in_seq:
            break
        found, node = node.where[part], node[part]
    return found


def transform(node: Any, leaf: Callable[[Any, Where | None], Any], where: Where | None = None) -> Any:
    """Return a copy in which every scalar went through `leaf` together with its place."""
    if isinstance(node, Map):
        result = Map()
        for key, value in node.items():
            result.put(key, transform(value, leaf, node.where[key]), node.where[key])
        return result
    if isinstance(node, Seq):
        seq = Seq()
        for item, place in zip(node, node.where, strict=True):
            seq.add(transform(item, leaf, place), place)
        return seq
    return leaf(node, where)
