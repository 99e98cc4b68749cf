"""Find what Spark Connect does not have, and `dbutils` without a guard, in Python code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

UNSAFE = frozenset(
    {
        "sparkContext",
        "_sparkContext",
        "_jvm",
        "_jsc",
        "_jdf",
        "_jsparkSession",
        "rdd",
        "newSession",
        "createGlobalTempView",
        "createOrReplaceGlobalTempView",
    }
)
ENTRY_POINTS = frozenset({"SparkContext", "SQLContext", "HiveContext"})
GUARDS = (ast.If, ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def connect_unsafe(code: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each use of what exists only beside a JVM."""
    for node in ast.walk(_parsed(code)):
        if isinstance(node, ast.Attribute) and node.attr in UNSAFE and isinstance(node.ctx, ast.Load):
            if not (node.attr == "rdd" and ast.unparse(node.value).endswith("pyspark")):
                yield node.lineno, f"{ast.unparse(node)[:40]}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sc":
            yield node.lineno, f"sc.{node.attr}"
        elif isinstance(node, ast.Name) and node.id in ENTRY_POINTS:
            yield node.lineno, node.id


def unguarded_dbutils(code: str) -> Iterator[int]:
    """Yield the lines that use `dbutils` whether it is there or not."""
    open_nodes: list[ast.AST] = list(_parsed(code).body)
    while open_nodes:
        node = open_nodes.pop(0)
        if isinstance(node, GUARDS):
            continue
        if isinstance(node, ast.Name) and node.id == "dbutils" and isinstance(node.ctx, ast.Load):
            yield node.lineno
        open_nodes += ast.iter_child_nodes(node)


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError):
        return ast.Module([], [])
