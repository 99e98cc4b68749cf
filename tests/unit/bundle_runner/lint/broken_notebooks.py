"""Broken notebooks: the text of the file, the code, what stands in the line it names, and words of the sentence."""

from __future__ import annotations

import json
from typing import Any


def code(*lines: str, tags: list[str] | None = None, outputs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return a code cell; outputs as they are kept in a file."""
    source = [f"{line}\n" for line in lines[:-1]] + [lines[-1]]
    kept = {"execution_count": None, "outputs": outputs or []}  # Jupyter sorts the keys
    return {"cell_type": "code", "metadata": {"tags": tags or []}, **kept, "source": source}


def file_of(*cells: dict[str, Any]) -> str:
    """Return a notebook's text as Jupyter writes it: each line of a cell in a line of the file."""
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def notebook(*lines: str, tags: list[str] | None = None) -> str:
    """Return the text of a notebook with one cell."""
    return file_of(code(*lines, tags=tags))


PARAMETERS = code('day = ""', tags=["parameters"])
SOURCE = "# Databricks notebook source\n{}\n\n# COMMAND ----------\n\n{}\n"
OUTPUT: dict[str, Any] = {"output_type": "stream", "name": "stdout", "text": ["1"]}

NOTEBOOKS: dict[str, tuple[str, str, str, str]] = {
    "no Python": (notebook("x = 1", "for y in x"), "N102", "for y", "cell 1 is not Python: expected ':'"),
    "no Python in a source file": (SOURCE.format("x = 1", "for y in x"), "N102", "for y", "cell 2 is not Python"),
    "two parameters cells": (
        file_of(PARAMETERS, code('night = ""', tags=["parameters"])),
        "N104",
        "night",
        "cell 2 is tagged parameters, and so is cell 1",
    ),
    "a computed default": (
        notebook("import os", 'day = os.environ["DAY"]', tags=["parameters"]),
        "N105",
        "day =",
        "parameter day: expected a literal",
    ),
    "the context on serverless": (
        notebook("spark.sparkContext.parallelize([1])"),
        "N106",
        "parallelize",
        "spark.sparkContext does not exist on Spark Connect",
    ),
    "a context of one's own": (
        notebook("sc = SparkContext.getOrCreate()"),
        "N106",
        "SparkContext",
        "SparkContext does not",
    ),
    "a notebook that is not there": (notebook("%run ./c"), "N114", "%run", "cell 1 calls ./c, which does not exist"),
    "a widget that nobody gives": (
        notebook('dbutils.widgets.get("day")'),
        "N115",
        "widgets",
        "neither this notebook nor",
    ),
    "an RDD on a classic cluster": (notebook("df.rdd.map(len)"), "N107", "df.rdd", "df.rdd does not exist on Spark"),
    "run": (file_of(PARAMETERS, code("%run ./a")), "N108", "%run", "cell 2: %run exists only in Databricks"),
    "an unguarded dbutils": (file_of(PARAMETERS, code('dbutils.fs.ls("/")')), "N109", "fs.ls", "guard it"),
    "a secret": (notebook('password = "hunter2Hunter2"'), "N110", "hunter2", "looks like a password or key"),
    "a secret in a source file": (
        SOURCE.format("x = 1", '# MAGIC %sql\n# MAGIC SELECT "AKIA0123456789ABCDEF"'),
        "N110",
        "AKIA",
        "an AWS access key",
    ),
    "an output": (file_of(code("print(1)", outputs=[OUTPUT])), "N111", "print(1)", "cell 1 keeps its output"),
}
