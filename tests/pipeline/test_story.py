"""A fortnight in six runs: delivered, nothing new, then a defect at each gate and its mending.

What the tables must hold is computed from the raw files by plain Python, and read back by delta-rs: our own code
takes no part in the comparison.
"""

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from deltalake import DeltaTable

from bundle_runner.cluster import Clusters
from tests.pipeline.story import BUNDLE, Outcome, Story, warm_clusters
from tests.samples import day_total, sample_days, seller_total
from tests.shops import running_shop

SELLERS = {"online_shop": "GBP", "gift_partner": "GBP", "euro_partner": "EUR"}
BEFORE, LAST = "2011-01-18", "2011-01-19"
Runs = dict[str, Outcome]
# The first test waits for all six runs.
pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Open a shop that has sold up to the last day but one; declarations are a copy that can be broken."""
    folder = tmp_path_factory.mktemp("story")
    pipelines = shutil.copytree(BUNDLE / "pipelines", folder / "pipelines", ignore=shutil.ignore_patterns("samples"))
    with running_shop(BUNDLE) as client:
        yield Story(folder / "lakehouse", str(client.base_url), pipelines)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    """Keep one Spark for all six runs."""
    clusters = warm_clusters(tmp_path_factory.mktemp("clusters"))
    yield clusters
    clusters.end()


@pytest.fixture(scope="module")
def runs(story: Story, clusters: Clusters) -> Runs:
    """Live through the fortnight."""
    gifts, euros = (story.inbox / name for name in (f"gift_partner/{LAST}.csv", f"euro_partner/verkauf_{LAST}.csv"))
    query = story.pipelines / "gold/daily_sales.sql"
    story.deliver(BEFORE)
    runs = {"first": story.run_on(clusters), "nothing new": story.run_on(clusters)}

    story.deliver(LAST)
    right_gifts, right_euros, right_query = gifts.read_bytes(), euros.read_bytes(), query.read_bytes()
    gifts.write_bytes(right_gifts.replace(b",UnitPrice,", b",Price,"))
    runs["bronze defect"] = story.run_on(clusters)

    gifts.write_bytes(right_gifts)
    euros.write_bytes(_without_products(right_euros))
    runs["silver defect"] = story.run_on(clusters)

    euros.write_bytes(right_euros)
    query.write_bytes(right_query.replace(b"FROM sale_lines", b"FROM sale_lines WHERE country_name <> 'EIRE'"))
    runs["gold defect"] = story.run_on(clusters)

    query.write_bytes(right_query)
    runs["mended"] = story.run_on(clusters)
    return runs


def _without_products(content: bytes) -> bytes:
    """Blank the article of every line: readable, footer intact, but no sale without a product."""
    lines = [line.split(b";") for line in content.splitlines(keepends=True)]
    return b"".join(b";".join([f[0], b"", *f[2:]]) if f[0].isdigit() else b";".join(f) for f in lines)


@pytest.fixture(scope="module")
def sale_lines(story: Story, runs: Runs) -> list[dict[str, object]]:
    """Read silver and quarantine as any Delta reader does."""
    names = ["source", "business_date", "currency_code", "quantity", "unit_price", "line_amount"]
    tables = [DeltaTable(story.root / layer / "sale_lines") for layer in ("silver", "quarantine")]
    return [row for table in tables for row in table.to_pyarrow_table(columns=names).to_pylist()]


@pytest.mark.parametrize(
    ("run", "code"),
    [
        ("first", 0),
        ("nothing new", 0),
        ("bronze defect", 3),
        ("silver defect", 3),
        ("gold defect", 3),
        ("mended", 0),
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
        ("gold defect", "gate_gold", ["net_amount_equals_silver", "GBP: gold", "silver", "Mend the query"]),
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


def test_a_run_leaves_reports_that_can_be_opened(story: Story, runs: Runs) -> None:
    pages = [Path(line.split()[1]) for line in runs["mended"].screen.splitlines() if line.startswith("report ")]
    assert [page.name for page in pages] == ["50_report.html"]
    text = pages[0].read_text(encoding="utf-8")
    assert "The way of the records" in text
    assert "<script" not in text
