"""A date is made anew from bronze: what would differ is told before, nothing else is touched, and the books close."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from sales_lakehouse.errors import SpecError
from sales_lakehouse.ledger.statement import Choice, draw_up
from sales_lakehouse.plan import make_plan
from sales_lakehouse.rebuild import rebuild
from sales_lakehouse.recording import slices_to_rebuild
from sales_lakehouse.reopened import Rebuild, ask_rebuild
from tests.chain import Chain

FIRST = [
    "540001,A1,MUG,2,2011-01-05 09:00:00,1.50,17850.0,United Kingdom",
    "540001,A2,PLATE,1,2011-01-05 09:00:00,2.00,17850.0,United Kingdom",
]
CORRECTED = ["540001,A1,MUG,3,2011-01-05 09:00:00,1.50,17850.0,United Kingdom"]
SECOND = [
    "540010,A1,MUG,4,2011-01-06 09:00:00,1.50,17850.0,United Kingdom",
    "540011,A2,PLATE,60,2011-01-06 09:00:00,2.00,17850.0,United Kingdom",
]
DAYS = ("2011-01-05", "2011-01-06")
RULE = "  - {name: quantity_is_small, kind: holds, columns: [quantity], predicate: quantity < 50}\n"


def files(chain: Chain) -> dict[str, dict[str, str]]:
    """Return name and hash of the files that gold's newest version reads, by slice."""
    table = DeltaTable(chain.root / "gold/daily_sales")
    found: dict[str, dict[str, str]] = {}
    for path in (Path(uri.removeprefix("file://")) for uri in table.file_uris()):
        found.setdefault(path.parent.name, {})[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def everything(root: Path) -> dict[str, int]:
    return {
        str(path): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file() and "lease" not in path.parts
    }


def parameters(chain: Chain, *days: str) -> dict[str, dict[str, str]]:
    run = chain.run
    places = {"lakehouse_root": run.lakehouse_root, "inbox_root": f"{run.inbox_root}"}
    return {day: {**places, "pipelines_root": f"{run.pipelines_root}", "business_date": day} for day in days}


def look(chain: Chain, *days: str) -> tuple[list[str], int | None]:
    """Return what is told of a rebuild, and why a run would be of no use."""
    told, lines = rebuild(parameters(chain, *days), dry_run=True), []
    try:
        while True:
            lines.append(next(told))
    except StopIteration as end:
        return lines, end.value


def ask(chain: Chain, *days: str) -> None:
    for _ in rebuild(parameters(chain, *days), dry_run=False):
        pass


def refuse_large_orders(chain: Chain) -> None:
    contract = chain.run.pipelines_root / "silver/sale_lines.yml"
    before, _, rules = contract.read_text().partition("rules:\n")
    contract.write_text(f"{before}rules:\n{RULE}{rules}")
    source = chain.run.pipelines_root / "sources/gift_partner.yml"
    source.write_text(re.sub("(max_quarantined_pct): .*", r"\1: 60", source.read_text()))


@pytest.fixture(scope="module")
def two_days(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bring two days into a lakehouse; return its folder."""
    chain = Chain(spark, tmp_path_factory.mktemp("two_days") / "lakehouse")
    chain.deliver("2011-01-05.csv", *FIRST)
    chain.deliver("2011-01-06.csv", *SECOND)
    chain.go()
    return chain.root


@pytest.fixture
def chain(spark: SparkSession, two_days: Path, tmp_path: Path) -> Chain:
    """Give a lakehouse of two days."""
    return Chain(spark, shutil.copytree(two_days, tmp_path / "lakehouse"))


def test_one_date_is_made_anew_and_the_others_keep_their_files(
    chain: Chain, spark: SparkSession, tmp_path: Path
) -> None:
    before = files(chain)
    chain.deliver("2011-01-05.csv", *CORRECTED)
    chain = chain.next("r2")
    chain.go()
    after = files(chain)
    assert after["business_date=2011-01-06"] == before["business_date=2011-01-06"], "a corrected day touches no other"
    assert after["business_date=2011-01-05"] != before["business_date=2011-01-05"]

    refuse_large_orders(chain)
    kept = everything(chain.root)
    told = [*rebuild(parameters(chain, "2011-01-06"), dry_run=True)]
    assert everything(chain.root) == kept, "a dry run writes nothing"
    assert told == [
        "judged again: 1 unit (gift_partner 1)",
        "silver.sale_lines: 3 rows → 2: 0 new, 0 changed, 1 gone; line_amount GBP 130.50 → 10.50 (-120.00)",
        "quarantine.sale_lines: 0 records of these units → 1: quantity_is_small 0 → 1",
        "gold.daily_sales: 1 row in 1 slice → 1: 0 new, 1 changed, 0 gone; net_amount GBP 126.00 → 6.00 (-120.00)",
    ]
    ask(chain, "2011-01-06")
    before, chain = after, chain.next("r3")
    assert make_plan(chain.run).work == 1 + 1, "the date, and rules that changed"
    chain.go()
    after = files(chain)
    assert after["business_date=2011-01-05"] == before["business_date=2011-01-05"], "a date that nobody asked for"
    assert after["business_date=2011-01-06"] != before["business_date=2011-01-06"]
    assert make_plan(chain.run).work == 0, "it is asked for no longer"
    assert draw_up(chain.root, chain.run.pipelines, Choice(), deep=True).closes

    anew = Chain(spark, tmp_path / "anew")
    anew.deliver("2011-01-05.csv", *CORRECTED)
    anew.deliver("2011-01-06.csv", *SECOND)
    anew.go()
    same = ("silver.sale_lines", "quarantine.sale_lines", "gold.daily_sales")
    assert [chain.checksums()[name] for name in same] == [anew.checksums()[name] for name in same]


def test_what_a_gate_stopped_is_made_anew_by_the_next_run(chain: Chain) -> None:
    refuse_large_orders(chain)
    ask(chain, *DAYS, "2011-01-08")
    chain = chain.next("r2")
    chain.silver()  # its gate stops
    chain = chain.next("r3")
    assert make_plan(chain.run).rebuilt == DAYS
    told = [*rebuild(parameters(chain, "2012-01-01"), dry_run=True)]
    assert told[:3] == [
        "no data for 2012-01-01: nothing to make anew",
        "asked for before and not done, so made anew with it: 2011-01-05, 2011-01-06",
        "judged again: 2 units (gift_partner 2)",
    ]
    assert told[-1].startswith("gold.daily_sales: 2 rows in 2 slices → 2: 0 new, 1 changed, 0 gone")
    chain.go()
    assert make_plan(chain.run).rebuilt == ()
    assert chain.lakehouse.read("silver.sale_lines").count() == 3
    noted = chain.lakehouse.read("ops.slices").select("business_date").distinct().collect()
    assert {str(row[0]) for row in noted} == {*DAYS}, "a date without data is no slice"
    told, verdict = look(chain, *DAYS)
    assert all(line.endswith("none would differ") for line in told[1:])
    assert verdict == 0
    assert draw_up(chain.root, chain.run.pipelines, Choice(), deep=True).closes


def test_a_rule_that_rows_of_other_dates_break_is_told_as_a_stop(chain: Chain) -> None:
    refuse_large_orders(chain)
    told, verdict = look(chain, "2011-01-05")
    assert told[-2].startswith("would stop: silver.sale_lines quantity_is_small: 1 row breaks it")
    assert verdict == 3


def test_dates_without_data_are_not_made_anew(chain: Chain) -> None:
    told, verdict = look(chain, "2011-01-08", "2012-01-01")
    assert told == ["no data for 2011-01-08, 2012-01-01: nothing to make anew", "judged again: 0 units"]
    assert verdict == 0, "a run would be of no use"


def test_an_undated_page_is_judged_again_and_makes_no_slice_of_a_date_without_sales(chain: Chain) -> None:
    ask_rebuild(chain.run, Rebuild({"2011-01-08": {"online_shop": ["a page without a date"]}}))
    chain = chain.next("r2")
    assert slices_to_rebuild(chain.lakehouse, chain.run)["daily_sales"] == []


def test_a_mistake_in_a_query_is_told_by_its_file(chain: Chain, capfd: pytest.CaptureFixture[str]) -> None:
    query = chain.run.pipelines_root / "gold/daily_sales.sql"
    query.write_text(re.sub(r"\bquantity\b", "quantty", query.read_text(), count=1))
    said = r"pipelines/gold/daily_sales\.sql: .* `quantty` cannot be resolved.*`quantity`.*line \d+ pos \d+; no slice"
    with pytest.raises(SpecError, match=said):
        look(chain, "2011-01-06")
    assert "Traceback" not in capfd.readouterr().err


def test_a_column_that_came_later_is_filled(chain: Chain) -> None:
    declared = chain.run.pipelines_root
    for path, head, added in (
        (
            declared / "silver/sale_lines.yml",
            "\ncolumns:\n",
            "  - {name: invoice_text, type: STRING, description: As sent}\n",
        ),
        (declared / "sources/gift_partner.yml", "\n  columns:\n", "    invoice_text: {from: InvoiceNo}\n"),
    ):
        path.write_text(path.read_text().replace(head, head + added, 1))
    told, _ = look(chain, *DAYS)
    assert told[1] == "silver.sale_lines: 4 rows → 4: 0 new, 4 changed, 0 gone; line_amount GBP 131.00 stays"
    ask(chain, *DAYS)
    chain = chain.next("r2")
    chain.go()
    rows = chain.lakehouse.read("silver.sale_lines").select("order_id", "invoice_text").collect()
    assert [row["invoice_text"] for row in rows] == [row["order_id"] for row in rows]
