"""A fortnight in seven runs: delivered, nothing new, a defect at each gate, mended (and a partner joins), refused.

What the tables must hold is computed from the raw files by plain Python, and read back by delta-rs: our own code
takes no part in the comparison.
"""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.pipeline.conftest import LAST, REPAIRED, Runs
from tests.pipeline.story import Story
from tests.samples import day_total, sample_days, seller_total

SELLERS = {"online_shop": "GBP", "gift_partner": "GBP", "euro_partner": "EUR"}
# The first test waits for all runs.
pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def sale_lines(story: Story, runs: Runs) -> list[dict[str, object]]:
    """Read silver and quarantine as any Delta reader does."""
    names = ["source", "business_date", "currency_code", "quantity", "unit_price", "line_amount"]
    silver, quarantine = (DeltaTable(story.root / layer / "sale_lines") for layer in ("silver", "quarantine"))
    rows = silver.to_pyarrow_table(columns=names).to_pylist()
    aside = quarantine.to_pyarrow_table(columns=[*names, "_repaired_by"]).to_pylist()
    return [row for row in (*rows, *aside) if row["source"] in SELLERS and not row.get("_repaired_by")]


@pytest.mark.parametrize(
    ("run", "code"),
    [
        ("first", 0),
        ("nothing new", 0),
        ("bronze defect", 3),
        ("silver defect", 3),
        ("gold defect", 3),
        ("mended", 0),
        ("refused", 3),
    ],
)
def test_exit_codes_tell_success_from_a_deliberate_stop(runs: Runs, run: str, code: int) -> None:
    assert runs[run].exit_code == code, runs[run].screen


@pytest.mark.parametrize("day", sample_days())
def test_each_day_comes_back_to_the_cent(sale_lines: list[dict[str, object]], day: str) -> None:
    rows = [row for row in sale_lines if str(row["business_date"]) == day]
    expected = day_total(day)
    assert len(rows) == expected.lines
    assert sum(row["quantity"] * row["unit_price"] for row in rows) == expected.amount  # type: ignore[operator]


@pytest.mark.parametrize("seller", SELLERS)
def test_each_seller_comes_back_in_its_own_currency(sale_lines: list[dict[str, object]], seller: str) -> None:
    rows = [row for row in sale_lines if row["source"] == seller]
    totals = [seller_total(day, seller) for day in sample_days()]
    assert len(rows) == sum(total.lines for total in totals)
    assert sum(row["line_amount"] for row in rows) == sum(total.amount for total in totals)  # type: ignore[misc]
    assert {row["currency_code"] for row in rows} == {SELLERS[seller]}


def test_a_partner_joins_by_one_yaml_file(story: Story, runs: Runs) -> None:
    columns = ["order_id", "line_number", "product_name", "line_amount", "business_date", "channel_name"]
    table = DeltaTable(story.root / "silver/sale_lines").to_pyarrow_table(columns=["source", *columns])
    rows = [row for row in table.to_pylist() if row.pop("source") == "nordic_partner"]
    day = date.fromisoformat(LAST)
    assert sorted((tuple(row.values()) for row in rows), key=str) == [
        ("900001", 1, "KAKEFAT I TRE ETASJER", Decimal("19.9000"), day, "Nettbutikk"),
        ("900001", 2, "FRAKT TIL TROMSØ", Decimal("12.5000"), day, "Nettbutikk"),
        ("900002", 1, "KAKEFAT HVIT", Decimal("23.4000"), day, "Butikk Bodø"),
        ("900003", 1, "KAKEFAT | 'REGENCY'\r\nTRE ETASJER", Decimal("1012.5000"), day, "Nettbutikk"),
    ]


def test_a_gold_table_joins_by_its_contract_and_query(story: Story, runs: Runs) -> None:
    rows = DeltaTable(story.root / "gold/channel_sales").to_pyarrow_table().to_pylist()
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["channel_name"]] = sums.get(row["channel_name"], Decimal(0)) + row["net_amount"]
    assert (sums.pop("Nettbutikk"), sums.pop("Butikk Bodø")) == (Decimal("1044.9"), Decimal("23.4"))
    assert set(sums) == {"unknown"}
    assert {str(row["business_date"]) for row in rows} == {*sample_days()}


def test_published_tables_grow_with_their_contracts(story: Story, runs: Runs) -> None:
    lines = (
        DeltaTable(story.root / "silver/sale_lines").to_pyarrow_table(columns=["source", "channel_name"]).to_pylist()
    )
    assert {row["channel_name"] for row in lines if row["source"] in SELLERS} == {None}
    daily = DeltaTable(story.root / "gold/daily_sales")
    assert str(daily.to_pyarrow_table().schema.field("net_amount").type) == "decimal128(26, 6)"
    assert daily.metadata().partition_columns == ["business_date"]


def test_gold_equals_silver_per_currency(story: Story, runs: Runs) -> None:
    sums: dict[str, dict[str, Decimal]] = {}
    for layer, table, amount in (("silver", "sale_lines", "line_amount"), ("gold", "daily_sales", "net_amount")):
        rows = DeltaTable(story.root / layer / table).to_pyarrow_table(columns=["currency_code", amount]).to_pylist()
        currencies = {row["currency_code"] for row in rows}
        sums[layer] = {c: sum(r[amount] for r in rows if r["currency_code"] == c) for c in currencies}
    assert set(sums["gold"]) == {"GBP", "EUR"}
    assert sums["gold"] == sums["silver"]


def test_a_second_run_writes_no_table_and_says_so(runs: Runs) -> None:
    assert runs["nothing new"].files == runs["first"].files
    assert "nothing is new" in runs["nothing new"].screen


@pytest.mark.parametrize(
    ("run", "gate", "words"),
    [
        (
            "bronze defect",
            "gate_bronze",
            ["gift_partner", f"{LAST}.csv", "column UnitPrice is missing", "7 of 8 agreed columns", "corrected file"],
        ),
        (
            "silver defect",
            "gate_silver",
            [
                "euro_partner_quarantined_within_limit",
                "604 of 606 records (99.7 %)",
                "at most 5 % are let through",
                "Nothing was promoted",
            ],
        ),
        (
            "gold defect",
            "gate_gold",
            ["net_amount_equals_silver", "GBP: gold", "Gold was not promoted", "Mend the query"],
        ),
        ("refused", "bronze", ["gold.daily_sales: column quantity would be lost", "Nothing was written"]),
    ],
)
def test_a_defect_stops_exactly_at_its_gate(runs: Runs, run: str, gate: str, words: list[str]) -> None:
    failed = [
        line.split()[1]
        for line in runs[run].screen.splitlines()
        if len(line.split()) > 2 and line.split()[2] == "FAILED"
    ]
    assert [task for task in failed if task != "report"] == [gate]
    for word in words:
        assert word in runs[run].last_lines


@pytest.mark.parametrize(
    ("run", "before", "layers"),
    [
        ("bronze defect", "nothing new", ("silver", "gold")),
        ("silver defect", "bronze defect", ("silver", "gold")),
        ("gold defect", "silver defect", ("gold",)),
        ("refused", "mended", ("bronze", "silver", "gold", "quarantine")),
    ],
)
def test_a_stopped_gate_leaves_published_tables_as_they_were(
    runs: Runs, run: str, before: str, layers: tuple[str, ...]
) -> None:
    assert runs[before].published(*layers)
    assert runs[run].published(*layers) == runs[before].published(*layers)


def test_a_corrected_file_replaced_the_broken_one(story: Story, runs: Runs) -> None:
    reasons = DeltaTable(story.root / "quarantine/sale_lines").to_pyarrow_table(columns=["_errors"]).to_pylist()
    assert {name for row in reasons for name in row["_errors"]} == {"product_is_named"}


def test_a_corrected_record_stands_in_for_the_one_it_names(story: Story, runs: Runs) -> None:
    source, name = REPAIRED
    columns = ["source", "product_name", "_unit_id", "_record_no"]
    lines = DeltaTable(story.root / "silver/sale_lines").to_pyarrow_table(columns=columns).to_pylist()
    (repaired,) = (row for row in lines if row["product_name"] == name)
    (shown, *rest) = json.loads(story.command("quarantine", "list", "--source", source, "--all", "--format", "json"))
    assert (repaired["source"], repaired["_unit_id"]) == (source, shown["by"])
    assert (shown["state"], shown["reasons"]) == ("repaired", ["product_is_named"])
    assert {row["state"] for row in rest} == {"open"}
    landed = (story.root / "landing" / source / shown["unit_id"]).read_bytes()
    start = shown["byte_start"]
    assert landed[start : start + shown["byte_length"]].decode().startswith(f"{shown['values']['InvoiceNo']},")


def test_a_run_leaves_reports_that_can_be_opened(story: Story, runs: Runs) -> None:
    pages = [Path(line.split()[1]) for line in runs["mended"].screen.splitlines() if line.startswith("report ")]
    assert [page.name for page in pages] == ["50_report.html"]
    text = pages[0].read_text(encoding="utf-8")
    assert "The way of the records" in text
    assert "<script" not in text
