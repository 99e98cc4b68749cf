"""A record is followed from its bytes to gold, or to where it stopped; a figure back to the bytes behind it."""

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from deltalake import DeltaTable, write_deltalake

from sales_lakehouse.commands.trace import trace
from tests.conftest import PIPELINES
from tests.small_lakehouse import SECOND_DAY, SOURCE, Unit, build, land, signed


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Unit]]:
    """Give a lakehouse after two runs; nobody changes it."""
    root = tmp_path_factory.mktemp("finished")
    return root, build(root)


@pytest.fixture(scope="module")
def root(delivered: tuple[Path, dict[str, Unit]]) -> Path:
    """Give the folder of the lakehouse."""
    return delivered[0]


@pytest.fixture(scope="module")
def units(delivered: tuple[Path, dict[str, Unit]]) -> dict[str, Unit]:
    """Give the lakehouse's units by what they are."""
    return delivered[1]


def ask(root: Path, source: str, *wheres: str, form: str = "text") -> Result:
    options = [part for where in wheres for part in ("--where", where)]
    places = ["--bundle", str(PIPELINES.parent), "--lakehouse", str(root), "--format", form]
    return CliRunner().invoke(trace, [source, *options, *places], catch_exceptions=False)


def ways(root: Path, *wheres: str) -> list[dict[str, str]]:
    """Return what each station of each record says; the last of several of one name."""
    asked = ask(root, SOURCE, *wheres, form="json")
    assert asked.exit_code == 0, asked.output
    return [{step["at"]: step["what"] for step in way["steps"]} for way in json.loads(asked.output)["ways"]]


def test_a_published_record_is_followed_from_its_bytes_to_the_slices_of_gold(
    root: Path, units: dict[str, Unit]
) -> None:
    (way,) = ways(root, "InvoiceNo=540012")
    unit, line = units["second"], SECOND_DAY[3]
    start = unit.manifest.size_bytes - len(line) - 1
    assert way["delivered"] == f"unit {unit.unit_id[:12]} (2011-01-06.csv, received 2011-01-07T06:00:00)"
    assert way["bytes"] == f"bytes {start}-{unit.manifest.size_bytes - 1}: {(line + chr(10))!r}"
    assert Path(way["landed"]).read_bytes()[start:].decode() == f"{line}\n"
    assert way["bronze"].startswith("bronze.gift_partner, record 4: InvoiceNo=540012, StockCode=A2, ")
    key = "source=gift_partner, order_id=540012, line_number=1"
    assert way["silver"] == f"silver.sale_lines, published: {key}, line_amount 12.0000 GBP"
    assert ask(root, SOURCE, "InvoiceNo=540012").output.count("  gold  ") == 3
    assert way["gold"] == "gold.product_performance: business_date 2011-01-06"
    assert "stopped" not in way


def test_a_table_that_looks_back_is_reached_on_all_its_dates(root: Path) -> None:
    told = "gold.customer_features: as_of_date 2011-01-06 to 2011-04-05"
    assert told in ask(root, SOURCE, "InvoiceNo=540012").output


def uncorrected(root: Path, tmp_path: Path, units: dict[str, Unit]) -> Path:
    """Copy the lakehouse as it is when somebody has refused the file that corrects the first day."""
    copied = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    (copied / f"landing/{SOURCE}/{units['corrected'].unit_id}.state").write_text("refused")
    return copied


BECAUSE = "A line without a description is a stock-keeping note, not a sale."


def test_a_quarantined_record_says_the_rule_in_words_and_what_to_do(
    root: Path, tmp_path: Path, units: dict[str, Unit]
) -> None:
    (way,) = ways(uncorrected(root, tmp_path, units), "InvoiceNo=540002")
    assert way["stopped"] == f"quarantine.sale_lines: product_is_named ({BECAUSE})"
    assert way["next"].startswith("ask for a corrected delivery")
    assert "corrected" not in way


def test_a_record_of_a_corrected_delivery_names_the_one_that_corrects_it(root: Path, units: dict[str, Unit]) -> None:
    (way,) = ways(root, "InvoiceNo=540002")
    by = units["corrected"].manifest.in_words()
    assert (way["stopped"], way["corrected"]) == (
        f"quarantine.sale_lines: product_is_named ({BECAUSE})",
        f"by {by}; nothing is to do",
    )
    assert "next" not in way


@pytest.mark.parametrize(
    ("state", "told"),
    [("quarantined", "of that one, its unit stands aside as a whole"), ("held", "of that one, it is held")],
)
def test_a_correction_that_stands_aside_itself_says_what_is_to_do_about_it(
    root: Path, tmp_path: Path, units: dict[str, Unit], state: str, told: str
) -> None:
    copied = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    (copied / f"landing/{SOURCE}/{units['corrected'].unit_id}.state").write_text(state)
    (way,) = ways(copied, "InvoiceNo=540002")
    assert way["corrected"] == f"by {units['corrected'].manifest.in_words()}"
    assert way["next"].startswith(told)
    assert f"lakehouse units release {units['corrected'].unit_id[:12]}`" in way["next"]


def test_a_record_of_a_unit_that_stands_aside_as_a_whole_is_not_repaired_alone(
    root: Path, tmp_path: Path, units: dict[str, Unit]
) -> None:
    broken = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    aside = {"_kind": "'quarantined'", "_reason": "'column UnitPrice is missing'", "_raw": "'540012,A2'"}
    unit_id = units["second"].unit_id
    bronze = DeltaTable(broken / "bronze/gift_partner")
    bronze.update(updates=aside, predicate=f"_unit_id = '{unit_id}' AND _record_no = 4", commit_properties=signed("r3"))
    (broken / f"landing/{SOURCE}/{unit_id}.state").write_text("quarantined")
    (way,) = ways(broken, "InvoiceNo=540012")
    assert way["stopped"] == "bronze.gift_partner, record 4: column UnitPrice is missing"
    assert f"`lakehouse units release {unit_id[:12]}`" in way["next"]
    land(broken, "2011-01-06.csv", "2011-01-09T06:00:00Z", SECOND_DAY[:1])
    (way,) = ways(broken, "InvoiceNo=540012")
    assert "(2011-01-06.csv, received 2011-01-09T06:00:00)" in way["corrected"]
    assert way["next"] == "of that one, it waits: `lakehouse run sales_daily` applies it"


def test_a_repaired_record_names_the_repair_and_the_repair_names_the_record(
    root: Path, tmp_path: Path, units: dict[str, Unit]
) -> None:
    repaired = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    first, stand_in = units["first"].unit_id, units["corrected"].unit_id
    quarantine, bronze = (DeltaTable(repaired / name) for name in ("quarantine/sale_lines", "bronze/gift_partner"))
    quarantine.update(updates={"_repaired_by": f"'{stand_in}'"}, commit_properties=signed("r3"))
    named = {"_repairs_unit": f"'{first}'", "_repairs_no": "3"}
    bronze.update(updates=named, predicate=f"_unit_id = '{stand_in}'", commit_properties=signed("r3"))
    (way,) = ways(repaired, "InvoiceNo=540002")
    assert way["stopped"].startswith("quarantine.sale_lines: product_is_named (")
    assert way["repaired"] == f"{units['corrected'].manifest.in_words()} stands in for it; nothing is to do"
    assert "next" not in way
    (way,) = ways(repaired, "InvoiceNo=540003")
    assert way["repairs"] == f"it stands in for record 3 of unit {first[:8]} (gift_partner 2011-01-05.csv)"


@pytest.mark.parametrize("invoice", ["540002", "540011"], ids=["broke a rule", "could not be read"])
def test_a_repair_that_is_wrong_again_is_told_with_its_new_reasons(
    root: Path, tmp_path: Path, units: dict[str, Unit], invoice: str
) -> None:
    repaired = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    named, repair = units["first" if invoice == "540002" else "second"].unit_id, units["corrected"]
    rows = DeltaTable(repaired / "quarantine/sale_lines").to_pyarrow_table().to_pylist()
    again = [{**row, "_unit_id": repair.unit_id, "_record_no": 1, "_errors": ["quantity_is_not_zero"]} for row in rows]
    write_deltalake(repaired / "quarantine/sale_lines", pa.Table.from_pylist(again), mode="append", schema_mode="merge")
    bronze = DeltaTable(repaired / "bronze/gift_partner")
    updates = {"_repairs_unit": f"'{named}'", "_repairs_no": "3"}
    bronze.update(updates=updates, predicate=f"_unit_id = '{repair.unit_id}' AND _record_no = 1")
    (way,) = ways(repaired, f"InvoiceNo={invoice}")
    told = f"in vain: {repair.manifest.in_words()} was to stand in for it and is wrong again: quantity_is_not_zero"
    assert way["repaired"].startswith(told)
    assert "lakehouse quarantine export --source gift_partner" in way["next"]
    own = f"_unit_id = '{repair.unit_id}' AND _record_no = 1"
    DeltaTable(repaired / "silver/sale_lines").delete(own)
    (way,) = ways(repaired, "InvoiceNo=540001", "Quantity=3")
    assert way["stopped"].startswith("quarantine.sale_lines: quantity_is_not_zero")
    assert "lakehouse quarantine export" in way["next"]


def test_a_refused_record_is_found_by_its_raw_text(root: Path) -> None:
    (way,) = ways(root, "InvoiceNo=540011")
    assert way["stopped"] == "bronze.gift_partner, record 3: 3 fields, 8 were agreed"
    assert way["next"].startswith("ask for a corrected delivery under the same name, or give the record back")
    assert "'540011,A3,BOWL\\n'" in way["bytes"]


def test_an_older_statement_names_the_one_that_stands(root: Path, units: dict[str, Unit]) -> None:
    early, second = ways(root, "InvoiceNo=540010", "StockCode=A1")
    winner = f"unit {units['second'].unit_id[:8]} (gift_partner 2011-01-06.csv)"
    assert early["stopped"] == f"superseded: {winner} is the statement that stands; nothing is to do"
    assert "silver" in second


def test_a_late_statement_names_the_one_that_stood_already(root: Path, tmp_path: Path, units: dict[str, Unit]) -> None:
    copied = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    rows = DeltaTable(copied / "ops/superseded").to_pyarrow_table().to_pylist()
    late = pa.Table.from_pylist([{**row, "_winner": None} for row in rows])
    write_deltalake(copied / "ops/superseded", late, mode="overwrite", schema_mode="overwrite")
    early, _ = ways(copied, "InvoiceNo=540010", "StockCode=A1")
    second = units["second"].unit_id
    winner = f"unit {second[:8]} (gift_partner 2011-01-06.csv)"
    assert early["stopped"] == f"superseded: {winner} is the statement that stands; nothing is to do"
    tie = {"source": SOURCE, "loser": rows[0]["_statement"], "winner": second, "sequence": "2011-01-07T06:00:00"}
    write_deltalake(copied / "ops/ties", pa.Table.from_pylist([tie]))
    early, _ = ways(copied, "InvoiceNo=540010", "StockCode=A1")
    assert f"{winner} is the statement that stands: both state 2011-01-07T06:00:00, and its" in early["stopped"]


def test_a_replaced_and_a_deleted_record_name_the_correction(root: Path, units: dict[str, Unit]) -> None:
    correction = f"unit {units['corrected'].unit_id[:8]} (gift_partner 2011-01-05.csv)"
    replaced, standing = ways(root, "InvoiceNo=540001", "StockCode=A1")
    assert replaced["stopped"] == f"replaced: {correction}, record 1 states the row anew and stands; nothing is to do"
    assert "silver" in standing
    (deleted,) = ways(root, "InvoiceNo=540001", "StockCode=A2")
    assert deleted["stopped"].startswith(f"deleted: {correction} does not list it, so it is published no more")


def test_an_unchanged_record_names_the_statement_whose_row_stands(
    root: Path, tmp_path: Path, units: dict[str, Unit]
) -> None:
    older = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    later = {"_sequence": "'2010-01-01T00:00:00Z'", "_unit_id": "'another'", "_record_no": "9"}
    table = DeltaTable(older / "silver/sale_lines")
    table.update(updates=later, predicate="order_id = '540012'", commit_properties=signed("r0"))
    (way,) = ways(older, "InvoiceNo=540012")
    assert way["stopped"] == "unchanged: the row stood already as another, record 9 states it; nothing is to do"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, "next it waits: `lakehouse run sales_daily`"),
        ("held", "corrected by unit "),
        ("refused", "next its unit was refused"),
    ],
    ids=["not yet applied", "held, and corrected since", "refused"],
)
def test_a_record_of_a_unit_that_is_not_applied_says_what_makes_it_go_on(
    root: Path, tmp_path: Path, units: dict[str, Unit], state: str | None, told: str
) -> None:
    waiting = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    path = waiting / f"landing/{SOURCE}/{units['early'].unit_id}.state"
    path.unlink() if state is None else path.write_text(state)
    (way,) = ways(waiting, "InvoiceNo=540010", "Quantity=7")
    assert told in "; ".join(f"{at} {what}" for at, what in way.items())


@pytest.mark.parametrize(
    "wheres",
    [
        ("customer_id=13047",),
        ("quantity=6",),
        ("unit_price=2.00", "business_date=2011-01-06"),
        ("sold_at=2011-01-06 11",),
    ],
    ids=["text", "number", "decimal and date", "time"],
)
def test_columns_of_silver_find_records_too(root: Path, wheres: tuple[str, ...]) -> None:
    assert any("order_id=540012" in way.get("silver", "") for way in ways(root, *wheres))
    assert not any("order_id=540010" in way.get("silver", "") for way in ways(root, *wheres))


def test_raw_and_silver_columns_are_asked_together(root: Path) -> None:
    assert len(ways(root, "StockCode=A3", "order_id=540010")) == 1
    assert ways(root, "StockCode=A1", "order_id=540012") == []


def test_nothing_found_says_where_was_looked_and_what_is_near(root: Path) -> None:
    asked = ask(root, SOURCE, "InvoiceNo=549012")
    assert asked.exit_code == 0
    assert (
        "gift_partner: no record matches\n  bronze.gift_partner has no InvoiceNo=549012; near it are 540012"
        in asked.output
    )
    both = ask(root, SOURCE, "InvoiceNo=540012", "StockCode=A1").output
    assert "bronze.gift_partner has InvoiceNo=540012, but not together with the rest" in both


@pytest.mark.parametrize("value", ["abc", "1,50", "1e2", "--1"])
@pytest.mark.parametrize("column", ["quantity", "unit_price", "line_number"])
def test_what_is_no_number_is_the_value_of_no_record(root: Path, column: str, value: str) -> None:
    asked = ask(root, SOURCE, f"{column}={value}")
    assert asked.exit_code == 0
    assert "gift_partner: no record matches" in asked.output


@pytest.mark.parametrize(
    ("source", "where", "told"),
    [
        (SOURCE, "InvoiceNumber=1", "has no column InvoiceNumber; did you mean InvoiceNo? it has Country, "),
        ("silver.sale_lines", "order_id=1", "give the source in its place: euro_partner, gift_partner, online_shop"),
        ("bronze.gift_partner", "order_id=1", "give the source in its place: gift_partner"),
        ("silver.nope", "order_id=1", "no source fills such a table"),
        (SOURCE, "InvoiceNo", "expected column=value"),
        ("gift_partners", "a=1", "did you mean gift_partner?"),
        ("gold.daily", "a=1", "there are gold.customer_features, gold.daily_sales, gold.product_performance"),
        ("gold.daily_sales", "day=1", "gold.daily_sales has no column day"),
    ],
    ids=["column", "silver table", "bronze table", "no table", "no value", "source", "gold table", "gold column"],
)
def test_what_nobody_knows_is_refused_with_what_there_is(root: Path, source: str, where: str, told: str) -> None:
    asked = ask(root, source, where)
    assert asked.exit_code == 2
    assert told in asked.output


def origin(root: Path, *wheres: str) -> Any:
    return json.loads(ask(root, "gold.daily_sales", *wheres, form="json").output)


def test_a_figure_is_followed_back_to_the_lines_and_bytes_behind_it(root: Path, units: dict[str, Unit]) -> None:
    found = origin(root, "business_date=2011-01-06", "country_name=United Kingdom")
    assert found["gold_rows"] == 1
    assert found["figures"] == [
        {"currency": "GBP", "column": "net_amount", "gold": "9.2500", "silver": "9.2500", "lines": 2}
    ]
    unit = units["second"]
    assert found["deliveries"] == {f"unit {unit.unit_id[:8]} (gift_partner 2011-01-06.csv)": 2}
    spans = [(line["record_no"], line["byte_start"], line["byte_length"]) for line in found["lines"]]
    assert spans == [(number, start, length) for _, number, start, length, _ in unit.pieces[1:3]]
    text = ask(root, "gold.daily_sales", "business_date=2011-01-06").output
    assert "net_amount 21.25 GBP; behind it 3 lines, 21.25 GBP in all: the same" in text


def test_a_table_that_looks_back_shows_the_lines_of_all_those_days_once(root: Path, tmp_path: Path) -> None:
    looking = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    days = [date(2011, 1, 8), date(2011, 1, 9)]
    nothing = pa.array([Decimal("0.0000")] * 2, pa.decimal128(22, 4))
    key = {"as_of_date": days, "customer_id": ["17850"] * 2, "currency_code": ["GBP"] * 2}
    write_deltalake(looking / "gold/customer_features", pa.table({**key, "day_net_amount": nothing}))
    found = json.loads(ask(looking, "gold.customer_features", "customer_id=17850", form="json").output)
    assert (found["gold_rows"], found["figures"][0]["lines"]) == (2, 0)
    assert [line["row"].split(", ", 1)[1] for line in found["lines"]] == [
        "order_id=540001, line_number=1",
        "order_id=540010, line_number=1",
        "order_id=540010, line_number=2",
    ]
    assert sorted(found["deliveries"].values()) == [1, 2]


def test_a_figure_that_silver_does_not_bear_out_says_so(root: Path, tmp_path: Path) -> None:
    doubted = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    table = DeltaTable(doubted / "gold/daily_sales")
    table.update(updates={"net_amount": "CAST(9 AS DECIMAL(22,4))"}, predicate="country_name = 'France'")
    text = ask(doubted, "gold.daily_sales", "business_date=2011-01-06", "country_name=France").output
    assert "net_amount 9.00 GBP; behind it 1 line, 12.00 GBP in all: NOT the same" in text


def test_a_figure_that_is_not_there_says_what_is_near(root: Path) -> None:
    text = ask(root, "gold.daily_sales", "country_name=Frankreich").output
    assert "gold.daily_sales: no row matches" in text
    assert "gold.daily_sales has no country_name=Frankreich; near it are France" in text
    text = ask(root, "gold.daily_sales", "business_date=2011-01-20").output
    assert "has no business_date=2011-01-20; near it are 2011-01-05, 2011-01-06" in text


def test_a_delivery_that_no_run_has_read_is_not_in_bronze(root: Path, tmp_path: Path) -> None:
    waiting = Path(shutil.copytree(root, tmp_path / "lakehouse"))
    land(waiting, "2011-01-07.csv", "2011-01-08T07:00:00Z", ["540099,A1,MUG,1,2011-01-07 09:00:00,1.50,1.0,France"])
    assert "gift_partner: no record matches" in ask(waiting, SOURCE, "InvoiceNo=540099").output
    assert (
        "1 delivered unit is not read yet: 2011-01-07.csv; `lakehouse run sales_daily` reads it"
        in ask(waiting, SOURCE, "InvoiceNo=540099").output
    )
