"""Business cases as CSV files: `given_<case>/when/<run>_<source>[_<date>].csv` is delivered, `then/` is what must be.

Files of one run number arrive in one run. They are written as UTF-8 with plain line ends and are delivered in the
partner's own dialect; orders of the shop are written one line per order line. `then/sale_lines.csv` holds the whole
table in the columns that it names, `then/quarantine.csv` what is set aside, with the broken rules.
"""

import csv
import json
import re
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from sales_lakehouse.scan import scan_unit
from sales_lakehouse.specs import Pipelines, SilverSpec, SourceSpec
from sales_lakehouse.specs.source import CsvFormat
from sales_lakehouse.stages.conform import conform_records
from sales_lakehouse.stages.silver import decide, future_of, select_deleted, silver_ddl

CASES = sorted(Path(__file__).parent.glob("given_*"))
NAME = re.compile(r"(?P<run>\d+)_(?P<source>[a-z_]+?)(?:_(?P<date>\d{4}-\d\d-\d\d))?\.csv")
LINE = ("line", "sku", "description", "quantity", "unit_price", "sold_at")
NUMBERS = {"line", "quantity", "unit_price"}
Rows = list[dict[str, str]]


def read_csv(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def page_of(rows: Rows) -> str:
    """Write the orders of a table as the shop's API does."""
    orders = []
    for key, lines in groupby(rows, key=lambda row: [(k, v) for k, v in row.items() if k not in LINE]):
        items = [", ".join(f'"{k}": {row[k] if k in NUMBERS else json.dumps(row[k])}' for k in LINE) for row in lines]
        head = ", ".join(f'"{k}": {json.dumps(v or None)}' for k, v in key)
        orders.append(f'{{{head}, "lines": [{", ".join(f"{{{item}}}" for item in items)}]}}')
    return f'{{"orders": [{", ".join(orders)}]}}'


def content_of(path: Path, source: SourceSpec) -> bytes:
    if not isinstance(source.format, CsvFormat):
        return page_of(read_csv(path)).encode()
    end = "\r\n" if source.format.line_end == "crlf" else "\n"
    return path.read_text(encoding="utf-8").replace("\n", end).encode(source.format.encoding)


def delivered(spark: SparkSession, path: Path, pipelines: Pipelines, table: SilverSpec) -> DataFrame:
    match = NAME.fullmatch(path.name)
    assert match, f"{path.name}: expected <run>_<source>[_<date>].csv"
    source = pipelines.source(match["source"])
    pieces = [piece for piece in scan_unit(content_of(path, source), source) if piece.kind == "record"]
    assert pieces, f"{path.name}: no record could be read"
    rows = [
        (*((p.values or {})[name] for name in source.columns), path.stem, p.record_no, path.stem, match["date"])
        for p in pieces
    ]
    ddl = ", ".join(f"`{name}` STRING" for name in source.columns)
    schema = f"{ddl}, _unit_id STRING, _record_no BIGINT, received_at STRING, unit_date STRING"
    return conform_records(spark.createDataFrame(rows, schema), source, table)


def live_through(spark: SparkSession, case: Path, pipelines: Pipelines) -> tuple[DataFrame, Rows]:
    """Deliver everything, run by run; return the table and what was set aside."""
    table = pipelines.silver["sale_lines"]
    published, aside = spark.createDataFrame([], silver_ddl(table)), []
    paths = sorted((case / "when").glob("*.csv"))
    assert paths, f"{case.name}: when/ is empty"
    for run, of_run in groupby(paths, key=lambda path: path.name.split("_")[0]):
        rows_df = reduce(DataFrame.unionByName, [delivered(spark, path, pipelines, table) for path in of_run])
        decided = decide(rows_df, published, table, run)
        candidate = decided.unionByName(select_deleted(decided, published, table, run))
        candidate = spark.createDataFrame(candidate.collect(), candidate.schema)
        aside += [row.asDict() for row in candidate.where("_disposition = 'quarantined'").collect()]
        future = future_of(published, candidate, table)
        published = spark.createDataFrame(future.collect(), silver_ddl(table))
    return published, aside


def as_texts(rows: list[dict[str, Any]], columns: list[str]) -> list[tuple[str, ...]]:
    return sorted(tuple("" if row[name] is None else str(row[name]) for name in columns) for row in rows)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_given_becomes_what_is_expected(spark: SparkSession, pipelines: Pipelines, case: Path) -> None:
    published, aside = live_through(spark, case, pipelines)
    expected = read_csv(case / "then/sale_lines.csv")
    columns = [*expected[0]]
    assert as_texts([row.asDict() for row in published.collect()], columns) == as_texts(expected, columns)
    set_aside = read_csv(case / "then/quarantine.csv") if (case / "then/quarantine.csv").exists() else []
    found = [{**row, "rules": " ".join(sorted(row["_errors"]))} for row in aside]
    assert as_texts(found, ["source", "order_id", "rules"]) == as_texts(set_aside, ["source", "order_id", "rules"])


def test_there_are_cases() -> None:
    assert len(CASES) >= 10
