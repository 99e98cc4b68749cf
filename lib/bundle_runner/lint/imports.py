"""Rules on imports: does the package that the bundle builds have what its notebooks ask of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from bundle_runner.bundle.located import Where
from bundle_runner.errors import did_you_mean
from bundle_runner.lint.cells import cells_of
from bundle_runner.lint.files import named_files
from bundle_runner.lint.finding import Finding, error
from bundle_runner.lint.places import a_map, a_text, members
from bundle_runner.lint.reading import ReadBundle

NOT_THERE = error(
    "N116",
    "A notebook imports what the bundle's package does not have",
    "The wheel is built from these files; the run fails at the import.",
    "from sales.rules import chek_totals",
    "from sales.rules import check_totals",
)
LAYOUTS = ("src", "lib", ".")


def check_imports(bundle: ReadBundle) -> Iterator[Finding]:
    """Check what notebooks and Python files import of packages that an artifact builds."""
    roots = _roots(bundle)
    for path in sorted({file.path for file in named_files(bundle) if file.path.is_file()}) if roots else ():
        for cell in cells_of(path):
            for line, module, name in _imports(cell.python):
                if said := _missing(roots, module, name):
                    yield NOT_THERE.at(Where(path, cell.place(line)), f"cell {cell.number}: {said}")


def _roots(bundle: ReadBundle) -> tuple[Path, ...]:
    found = []
    for _, body, where in members(bundle.merged.get("artifacts")):
        path = a_text(a_map(body).get("path")) or "."
        if a_map(body).get("type", "whl") == "whl":
            found += [where.file.parent / path / layout for layout in LAYOUTS]
    return tuple(found)


def _imports(code: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, module and name of each import; what stands in a `try` may be missing."""
    try:
        left: list[ast.AST] = [ast.parse(code)]
    except (SyntaxError, ValueError):
        return  # notebooks.py says so
    while left:
        node = left.pop(0)
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, node.module, alias.name) for alias in node.names)
        elif not isinstance(node, ast.Try):
            left += ast.iter_child_nodes(node)


def _missing(roots: tuple[Path, ...], module: str, name: str) -> str | None:
    """Return what is missing; nothing is known of packages that are not built here."""
    package, *parts = module.split(".")
    place = next((root / package for root in roots if (root / package / "__init__.py").is_file()), None)
    if place is None:
        return None
    for part in parts:
        if not _is_module(place / part):
            known = [path.stem for path in place.iterdir() if path.suffix == ".py" or path.is_dir()]
            return f"there is no module {module}{did_you_mean(part, known)}"
        place /= part
    known_names = _names(place / "__init__.py" if place.is_dir() else place.with_suffix(".py"))
    if name in ("", "*") or known_names is None or name in known_names or _is_module(place / name):
        return None
    return f"{module} has no {name}{did_you_mean(name, known_names)}"


def _is_module(path: Path) -> bool:
    return path.is_dir() or path.with_name(f"{path.name}.py").is_file()


def _names(path: Path) -> frozenset[str] | None:
    """Return what a module defines, None where only running it can tell."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
    found: set[str] = set()
    left: list[ast.AST] = list(tree.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        else:
            left += ast.iter_child_nodes(node)
    return None if {"*", "__getattr__"} & found else frozenset(found)
