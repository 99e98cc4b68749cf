"""Declarations: every shipped file is read, and a wrong one is refused with file and field."""

import shutil
from pathlib import Path

import pytest

from sales_lakehouse.errors import SpecError
from sales_lakehouse.specs import Pipelines, load_pipelines
from tests.conftest import PIPELINES


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PIPELINES, tmp_path / "pipelines", ignore=shutil.ignore_patterns("samples")))


def test_every_shipped_file_is_read(pipelines: Pipelines) -> None:
    read = {*pipelines.sources, *pipelines.silver, *pipelines.gold}
    assert read == {path.stem for path in PIPELINES.glob("*/*.yml")}
    assert {"online_shop", "gift_partner", "euro_partner", "sale_lines", "daily_sales"} <= read


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "sources/gift_partner.yml",
            "delimiter:",
            "delimeter:",
            r"gift_partner\.yml: format\.delimeter is not a known field; did you mean delimiter\?",
        ),
        ("sources/gift_partner.yml", "source: gift", "source: gifts", r"file is named 'gift_partner'"),
        ("sources/gift_partner.yml", '"{business_date}.csv"', '"sales.csv"', r"delivery\.name: .*business_date"),
        ("sources/gift_partner.yml", "{from: Country}", "{from: Land}", r"reads Land, which is not among the agreed"),
        ("sources/gift_partner.yml", "Europe/London", "Europe/Londn", r"'Europe/Londn' is not an IANA time zone"),
        ("sources/gift_partner.yml", "    country_name: {from: Country}\n", "", r"differ in: country_name"),
        ("sources/gift_partner.yml", "table: sale_lines", "table: lines", r"'lines' has no file under silver/"),
        ("sources/gift_partner.yml", "delivery:", "delivery: [", r"not valid YAML.*nothing was read or landed"),
        (
            "sources/gift_partner.yml",
            "kind: between",
            "severity: stop\n      kind: between",
            r"quantity_is_a_parcel: a source's rule sends its records to quarantine, so its severity is error",
        ),
        (
            "silver/sale_lines.yml",
            "kind: not_null, columns: [product_id]",
            "kind: in_set, columns: [product_id]",
            "lacks",
        ),
        *(
            (
                "silver/sale_lines.yml",
                "rules:\n",
                f"rules:\n  - {{name: fresh, kind: holds, columns: [sold_at], predicate: {predicate}}}\n",
                rf"rule fresh: its predicate says '{word}'; a row is judged when it changes",
            )
            for predicate, word in (
                ("sold_at < Current_Date", "Current_Date"),
                ("sold_at < now()", "now"),
                ("count(*) over (partition by order_id) < 9", r"over \("),
                ("order_id IN (select order_id from others)", "select"),
            )
        ),
        ("silver/sale_lines.yml", "type: INT", "type: FLOAT", r"columns\.line_number\.type: .*got .FLOAT"),
        (
            "silver/products.yml",
            "key: [product_id, valid_from]",
            "key: [valid_from]",
            r"history\.entity names 'product_id', which is no part of its key \(valid_from\); add it to the key",
        ),
        ("silver/products.yml", "key: [product_id,", "key: [product,", r"products: key names 'product',.*product_id\?"),
        ("silver/products.yml", "valid_from: valid_from}", "valid_from: since}", r"history\.valid_from names 'since'"),
        (
            "silver/products.yml",
            "table: products",
            "table: goods",
            r"table is 'goods', but the file is named 'products'",
        ),
        ("gold/daily_sales.yml", "slice: business_date", "slice: day", r"gold daily_sales: slice names 'day'"),
        ("gold/daily_sales.yml", "grain: one row", "grain: a row", r"grain"),
        ("gold/daily_sales.yml", "reads: [sale_lines]", "reads: [lines]", r"reads 'lines'"),
    ],
)
def test_a_wrong_declaration_is_refused_in_words(copy: Path, file: str, old: str, new: str, message: str) -> None:
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new))
    with pytest.raises(SpecError, match=message):
        load_pipelines(copy)


def test_a_contract_without_its_query_is_refused(copy: Path) -> None:
    (copy / "gold/daily_sales.sql").unlink()
    with pytest.raises(SpecError, match=r"query daily_sales\.sql is missing"):
        load_pipelines(copy)


def test_a_wrong_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no folder sources/"):
        load_pipelines(tmp_path)


def test_a_changed_rule_changes_the_fingerprint(copy: Path, pipelines: Pipelines) -> None:
    assert load_pipelines(copy).fingerprint == pipelines.fingerprint
    path = copy / "silver/sale_lines.yml"
    path.write_text(path.read_text().replace("values: [GBP, EUR]", "values: [GBP]"))
    assert load_pipelines(copy).fingerprint != pipelines.fingerprint
