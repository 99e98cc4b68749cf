"""Business cases as CSV files: `given_<case>/when/<run>_<source>[_<date>].csv` is delivered, `then/` is what must be.

Files of one run number arrive in one run. They are written as UTF-8 with plain line ends and are delivered in the
partner's own dialect; orders of the shop are written one line per order line; a file may hold nothing but its header.
`then/sale_lines.csv` holds the whole table in the columns that it names, `then/quarantine.csv` what is set aside, with
the broken rules.

All cases are lived through at once, because a run costs seconds whatever its rows: within it the sources of a case are
named `<case>/<source>`, and sources never compete, so no case meets another. In the files they have their own names.
"""

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import Pipelines, SilverSpec, SourceSpec
from sales_lakehouse.specs.formats import CsvFormat
from sales_lakehouse.stages.conform import conform_records
from sales_lakehouse.stages.repairs import as_delivered
from sales_lakehouse.stages.silver import decide, future_of, select_deleted, silver_ddl
from sales_lakehouse.stages.standing import EMPTY_DDL, STATEMENT, stated
from tests.rows import rows_of

# One worker lives through all of them.

CASES = sorted(Path(__file__).parent.glob("given_*"))
NAME = re.compile(r"(?P<run>\d+)_(?P<source>[a-z_]+?)(?:_(?P<date>\d{4}-\d\d-\d\d))?\.csv")
LINE = ("line", "sku", "description", "quantity", "unit_price", "sold_at")
NUMBERS = {"line", "quantity", "unit_price"}
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Delivery:
    """A file of a case, and what its name says: when it arrives, who sends it, which day it states."""

    path: Path
    unit_id: str
    run: int
    source: str
    unit_date: str | None


@dataclass(frozen=True)
class Outcome:
    """What became of a case: the published table, and the rows that were set aside."""

    published: Rows
    aside: Rows


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def page_of(rows: list[dict[str, str]]) -> str:
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


def deliveries_of(case: Path) -> list[Delivery]:
    paths = sorted((case / "when").glob("*.csv"))
    assert paths, f"{case.name}: when/ is empty"
    return [delivery_of(case, path) for path in paths]


def delivery_of(case: Path, path: Path) -> Delivery:
    match = NAME.fullmatch(path.name)
    assert match, f"{case.name}/when/{path.name}: expected <run>_<source>[_<date>].csv"
    return Delivery(path, f"{case.name}/{path.stem}", int(match["run"]), match["source"], match["date"])


def records_of(delivery: Delivery, source: SourceSpec) -> list[tuple[Any, ...]]:
    """Read a delivered file. It may state nothing, but what it states must not be lost as a whole."""
    rows = rows_of(content_of(delivery.path, source), source)
    records = [row for row in rows if row["_kind"] == "record"]
    lost = [row["_reason"] for row in rows if row["_kind"] in ("refused", "quarantined")]
    assert records or not lost, f"{delivery.unit_id}: no record could be read: {'; '.join(map(str, lost))}"
    about = (delivery.path.stem, delivery.unit_date)
    return [(*(row[name] for name in source.columns), delivery.unit_id, row["_record_no"], *about) for row in records]


def delivered(spark: SparkSession, deliveries: Iterable[Delivery], source: SourceSpec, table: SilverSpec) -> DataFrame:
    """Judge what a source delivers in all cases at once; in each case it gets a name of its own."""
    records = [record for delivery in deliveries for record in records_of(delivery, source)]
    ddl = ", ".join(f"`{name}` STRING" for name in source.columns)
    schema = f"{ddl}, _unit_id STRING, _record_no BIGINT, received_at STRING, unit_date STRING"
    rows_df = conform_records(as_delivered(local_frame(spark, records, schema)), source, table)
    return rows_df.withColumn("source", F.concat_ws("/", F.substring_index("_unit_id", "/", 1), "source"))


def statement_of(delivery: Delivery) -> tuple[str | None, ...]:
    """Say what a file without a line states: that there is none on its date."""
    source = f"{delivery.unit_id.split('/')[0]}/{delivery.source}"
    return (source, delivery.unit_date, delivery.path.stem, delivery.unit_id, delivery.unit_id)


def computed(rows_df: DataFrame) -> DataFrame:
    """Compute a frame once, as a run does when it writes its candidate."""
    return rows_df.sparkSession.createDataFrame(rows_df.toArrow(), rows_df.schema)


def as_rows(rows_df: DataFrame) -> Rows:
    return [row.asDict() for row in rows_df.collect()]


def live_through(spark: SparkSession, deliveries: list[Delivery], pipelines: Pipelines) -> Outcome:
    """Deliver everything, run by run; return the table and what was set aside."""
    table = pipelines.silver["sale_lines"]
    published_df, aside, empty = local_frame(spark, [], silver_ddl(table)), [], []
    in_order = sorted(deliveries, key=lambda delivery: (delivery.run, delivery.source))
    for run, group in groupby(in_order, key=lambda delivery: delivery.run):
        of_run = list(group)
        by_source = groupby(of_run, key=lambda delivery: delivery.source)
        rows = [delivered(spark, of_source, pipelines.source(name), table) for name, of_source in by_source]
        empty += [statement_of(each) for each in of_run if not records_of(each, pipelines.source(each.source))]
        empty_df = local_frame(spark, empty, EMPTY_DDL)
        decided_df = computed(
            decide(reduce(DataFrame.unionByName, rows), published_df, table, str(run), stated(published_df, empty_df))
        )
        gone_df = select_deleted(decided_df, published_df, table, str(run), empty_df)
        aside += as_rows(decided_df.where("_disposition = 'quarantined'"))
        empty += [tuple(row) for row in decided_df.where("_disposition = 'withdrawn'").select(*STATEMENT).collect()]
        published_df = computed(future_of(published_df, decided_df.unionByName(gone_df), table))
    return Outcome(as_rows(published_df), aside)


def part_of(rows: Rows, case: Path) -> Rows:
    """Choose the rows of a case and give its sources their own names back."""
    prefix = f"{case.name}/"
    ours = [row for row in rows if row["source"].startswith(prefix)]
    return [{**row, "source": row["source"].removeprefix(prefix)} for row in ours]


def as_texts(rows: Rows, columns: list[str]) -> list[tuple[str, ...]]:
    return sorted(tuple("" if row[name] is None else str(row[name]) for name in columns) for row in rows)


@pytest.fixture(scope="module")
def outcomes(spark: SparkSession, pipelines: Pipelines) -> dict[str, Outcome]:
    """Live through all cases at once; give each its own part."""
    deliveries = [delivery for case in CASES for delivery in deliveries_of(case)]
    lived = live_through(spark, deliveries, pipelines)
    return {case.name: Outcome(part_of(lived.published, case), part_of(lived.aside, case)) for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_given_becomes_what_is_expected(outcomes: dict[str, Outcome], case: Path) -> None:
    outcome = outcomes[case.name]
    expected = read_csv(case / "then/sale_lines.csv")
    columns = [*expected[0]]
    assert as_texts(outcome.published, columns) == as_texts(expected, columns)
    set_aside = read_csv(case / "then/quarantine.csv") if (case / "then/quarantine.csv").exists() else []
    found = [{**row, "rules": " ".join(sorted(row["_errors"]))} for row in outcome.aside]
    assert as_texts(found, ["source", "order_id", "rules"]) == as_texts(set_aside, ["source", "order_id", "rules"])


def test_there_are_cases() -> None:
    assert len(CASES) >= 10
