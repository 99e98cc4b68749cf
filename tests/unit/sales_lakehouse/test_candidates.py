"""A candidate is the same, however often its run builds it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sales_lakehouse.candidates import Candidate, build_candidate
from sales_lakehouse.promotion import promote_tables
from sales_lakehouse.recording import write_books
from sales_lakehouse.run import Run
from sales_lakehouse.scan import scan_schema
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import Pipelines, load_pipelines
from sales_lakehouse.stages.bronze import bronze_ddl
from sales_lakehouse.tables import Lakehouse
from tests.conftest import PIPELINES
from tests.rows import records_of
from tests.unit.sales_lakehouse.test_silver import HEADER, A, B

LEFT_OUT = ("samples", "gold", "online_shop.yml", "euro_partner.yml", "shop_products.yml")


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Declare the two sources that deliver here: a table's plan has a branch for each that is declared."""
    folder = tmp_path_factory.mktemp("declared") / "pipelines"
    return Path(shutil.copytree(PIPELINES, folder, ignore=shutil.ignore_patterns(*LEFT_OUT)))


@pytest.fixture(scope="module")
def pipelines(declared: Path) -> Pipelines:
    return load_pipelines(declared)


def record(
    lakehouse: Lakehouse, pipelines: Pipelines, unit: str, content: str, name: str = "gift_partner"
) -> DataFrame:
    source = pipelines.source(name)
    schema = scan_schema(source).names
    rows = [
        (*(row[name] for name in schema[:-3]), unit, *(row[name] for name in schema[-3:]), None, None, None, None)
        for row in records_of(content.encode(), source)
    ]
    lakehouse.append(f"bronze.{name}", local_frame(lakehouse.spark, rows, bronze_ddl(source)), unit)
    ddl = (
        "unit_id STRING, source STRING, state STRING, received_at STRING, unit_date STRING, found BIGINT, "
        "is_repair BOOLEAN, was_applied BOOLEAN"
    )
    return local_frame(lakehouse.spark, [(unit, name, "recorded", unit, "2011-01-05", len(rows), False, False)], ddl)


def again(units_df: DataFrame) -> DataFrame:
    """Return units as they are where they were applied and are judged once more."""
    return units_df.withColumn("was_applied", F.lit(True))


def under(run: Run, folder: Path, file: str, old: str, new: str) -> Run:
    """Return the run under declarations of which one says something else."""
    declared = shutil.copytree(run.pipelines_root, folder / "pipelines") / file
    assert old in declared.read_text()
    declared.write_text(declared.read_text().replace(old, new))
    return replace(run, pipelines_root=folder / "pipelines")


def judge(lakehouse: Lakehouse, run: Run, units_df: DataFrame) -> Candidate:
    candidate = build_candidate(lakehouse, run, run.pipelines.silver["sale_lines"], units_df)
    write_books(lakehouse, candidate, units_df)
    return candidate


@pytest.fixture
def runs(lakehouse: Lakehouse, declared: Path, tmp_path: Path) -> list[Run]:
    places = {"lakehouse_root": lakehouse.root, "inbox_root": str(tmp_path), "pipelines_root": str(declared)}
    return [Run.of({"run_id": name, **places}) for name in ("r1", "r2", "r3")]


def test_a_retry_finds_again_what_a_corrected_file_no_longer_lists(
    lakehouse: Lakehouse, pipelines: Pipelines, runs: list[Run]
) -> None:
    table = pipelines.silver["sale_lines"]
    units = record(lakehouse, pipelines, "u1", HEADER + A + B)
    promote_tables(lakehouse, runs[0], [build_candidate(lakehouse, runs[0], table, units)], units)
    units = record(lakehouse, pipelines, "u2", HEADER + A)
    for _ in range(2):
        build_candidate(lakehouse, runs[1], table, units)
    rows = Candidate(lakehouse, table, "r2").rows_df.collect()
    assert sorted(row["_disposition"] for row in rows) == ["deleted", "unchanged"]


def test_a_corrected_file_without_a_line_empties_its_day_and_keeps_older_files_out(
    lakehouse: Lakehouse, pipelines: Pipelines, runs: list[Run]
) -> None:
    table = pipelines.silver["sale_lines"]
    units = record(lakehouse, pipelines, "u2", HEADER + A)
    promote_tables(lakehouse, runs[0], [build_candidate(lakehouse, runs[0], table, units)], units)
    units = record(lakehouse, pipelines, "u3", HEADER)
    emptied = build_candidate(lakehouse, runs[1], table, units)
    (gone,) = emptied.balances_df.collect()
    assert (gone["unit_id"], gone["disposition"], gone["records"], gone["line_count"]) == ("u3", "deleted", 0, 1)
    promote_tables(lakehouse, runs[1], [emptied], units)
    assert lakehouse.read("silver.sale_lines").isEmpty()

    late = record(lakehouse, pipelines, "u1", HEADER + B)
    rows = build_candidate(lakehouse, runs[2], table, late).rows_df.collect()
    assert [row["_disposition"] for row in rows] == ["superseded"]


def test_what_stricter_rules_refuse_leaves_silver_and_the_books_say_so_once(
    lakehouse: Lakehouse, pipelines: Pipelines, runs: list[Run], tmp_path: Path
) -> None:
    """The first run under the new rule is stopped after it wrote its books; the next one judges the same again."""
    units = record(lakehouse, pipelines, "u1", HEADER + A + B)
    promote_tables(lakehouse, runs[0], [judge(lakehouse, runs[0], units)], units)
    strict = under(runs[1], tmp_path, "sources/gift_partner.yml", 'maximum: "100000"', 'maximum: "0"')
    for run in (strict, replace(strict, run_id="r3")):
        refused = judge(lakehouse, run, again(units))
    promote_tables(lakehouse, run, [refused], again(units))

    assert lakehouse.read("silver.sale_lines").isEmpty()
    told = lakehouse.read("ops.balances").select("disposition", "records", "line_count", "amount", "run_id").collect()
    assert sorted((row[0], row[1], row[2], str(row[3]), row[4]) for row in told) == [
        ("accepted_new", 0, 2, "33.3500", "r1"),
        ("deleted", 0, 2, "33.3500", "r3"),
        ("quarantined", 2, 2, "33.3500", "r3"),
    ]


def test_a_statement_does_not_lose_against_itself_when_its_source_orders_its_columns_anew(
    lakehouse: Lakehouse, pipelines: Pipelines, runs: list[Run], tmp_path: Path
) -> None:
    customers = ", ".join(
        f'{{"customer_id": "{number}", "country_name": "EIRE", "segment": "retail", '
        '"first_seen_at": "2011-01-04T10:00:00", "updated_at": "2011-01-04T10:00:00Z"}'
        for number in range(1, 9)
    )
    units = record(lakehouse, pipelines, "u1", f'{{"customers": [{customers}]}}', "shop_customers")
    first = build_candidate(lakehouse, runs[0], pipelines.silver["customers"], units)
    promote_tables(lakehouse, runs[0], [first], units)
    old, new = "columns: [customer_id, country_name,", "columns: [country_name, customer_id,"
    run = under(runs[1], tmp_path, "sources/shop_customers.yml", old, new)
    rows = build_candidate(lakehouse, run, run.pipelines.silver["customers"], again(units)).rows_df.collect()
    assert [row["_disposition"] for row in rows] == ["accepted_before"] * 8
