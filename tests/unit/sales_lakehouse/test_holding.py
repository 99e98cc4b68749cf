"""A sale waits in quarantine until its customer has come, where its source says so; either order gives the same."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyspark.sql import SparkSession

from sales_lakehouse.candidates import Candidate
from sales_lakehouse.commands.quarantine import quarantine
from sales_lakehouse.commands.sources import sources
from sales_lakehouse.commands.trace import trace
from sales_lakehouse.errors import SpecError
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.ledger.statement import Choice, draw_up
from sales_lakehouse.plan import make_plan
from sales_lakehouse.rehearsal.delivery import rehearse
from sales_lakehouse.specs import load_pipelines, load_source
from sales_lakehouse.stages.report import count_held, held_in_lines
from sales_lakehouse.verdicts import judge_shares
from tests.chain import Chain
from tests.conftest import PIPELINES

SALES = [
    "540001,A1,MUG,2,2011-01-05 09:00:00,1.50,17850.0,United Kingdom",
    "540002,A2,PLATE,1,2011-01-05 09:00:00,2.00,,United Kingdom",
    "540003,A2,PLATE,1,2011-01-05 09:00:00,2.00,99999.0,United Kingdom",
]
CUSTOMER = {
    "customer_id": "17850",
    "country_name": "United Kingdom",
    "segment": "retail",
    "first_seen_at": "2010-12-01T08:00:00",
    "updated_at": "2011-01-06T00:00:00Z",
}


def holding(spark: SparkSession, folder: Path, held: str = "[customer_id]") -> Chain:
    """Give a lakehouse whose partner's sales wait for their customers."""
    chain = Chain(spark, folder / "lakehouse")
    (chain.run.pipelines_root.parent / "databricks.yml").touch()  # commands look for it
    sources = chain.run.pipelines_root / "sources"
    shutil.copy(PIPELINES / "sources/shop_customers.yml", sources)
    source = sources / "gift_partner.yml"
    text = source.read_text().replace("\nsilver:\n", f"\nsilver:\n  hold_unknown: {held}\n")
    source.write_text(re.sub("(max_quarantined_pct): .*", r"\1: 100", text))
    return chain


def deliver_customer(chain: Chain) -> None:
    page = json.dumps({"customers": [CUSTOMER]}).encode()
    store = LandingStore(chain.run.landing_root)
    assert store.put(page, Manifest("shop_customers", "customers", "2011-01-06T07:00:00Z"))


def aside(chain: Chain) -> list[tuple[str, list[str]]]:
    rows = chain.lakehouse.read("quarantine.sale_lines").select("order_id", "_errors").collect()
    return sorted((row["order_id"], row["_errors"]) for row in rows)


def is_told_as_waiting(chain: Chain, folder: Path) -> None:
    """Check that every screen says that the two sales wait, and asks nobody to correct them."""
    places = ["--bundle", str(chain.run.pipelines_root.parent), "--lakehouse", str(chain.root)]
    listed = CliRunner().invoke(quarantine, ["list", *places]).output
    assert listed.count("nothing in it is wrong: the run that brings what it waits for takes it in") == 2
    form = folder / "form.csv"
    told = CliRunner().invoke(quarantine, ["export", "--source", "gift_partner", "--out", str(form), *places]).output
    assert "2 records are left out" in told
    assert len(form.read_text().splitlines()) == 1
    CliRunner().invoke(quarantine, ["export", "--source", "gift_partner", "--all", "--out", f"{form}2", *places])
    assert len(Path(f"{form}2").read_text().splitlines()) == 3
    way = CliRunner().invoke(trace, ["gift_partner", "--where", "InvoiceNo=540001", *places]).output
    assert "customer_id_is_known (it waits until customers knows its customer_id" in way
    assert "nothing is to do: the run that brings what it waits for takes it in" in way
    (unit,) = LandingStore(chain.run.landing_root).manifests("gift_partner")
    LandingStore(chain.run.landing_root).set_state(unit, None)
    way = CliRunner().invoke(trace, ["gift_partner", "--where", "InvoiceNo=540001", *places]).output
    assert "a gate stopped the run that judged its unit" in way
    LandingStore(chain.run.landing_root).set_state(unit, "applied")
    other = Path(f"{form}2")
    other.write_text(other.read_text().replace("17850.0", "99998.0"))
    judged = CliRunner().invoke(quarantine, ["repair", f"{other}", "--dry-run", *places])
    assert "stays aside: customer_id_is_known (it would wait: what it names is not there yet)" in judged.output
    assert "0 of 1 record would be accepted; 1 record is unchanged and would stay aside" in judged.output
    assert judged.exit_code == 3
    counts = count_held(chain.lakehouse, chain.run.pipelines)
    assert held_in_lines(counts) == ["gift_partner: of the quarantined, 2 records wait for the customer_id"]
    (held,) = counts.values.tolist()
    assert held == ["gift_partner", "customer_id", 2, 2, date(2011, 1, 5)]
    source = chain.run.pipelines.source("gift_partner").model_copy(update={"max_quarantined_pct": 10})
    candidate = Candidate(chain.lakehouse, chain.run.pipelines.silver["sale_lines"], chain.run_id)
    (share,) = judge_shares(candidate, [source])
    assert "2 of 3 records (66.7 %), at most 10 % are let through (2 records wait for an entity, as" in share.told


def test_a_sale_is_held_until_its_customer_comes(spark: SparkSession, tmp_path: Path) -> None:
    chain = holding(spark, tmp_path / "late")
    chain.deliver("2011-01-05.csv", *SALES)
    chain.go()
    assert aside(chain) == [(number, ["customer_id_is_known"]) for number in ("540001", "540003")]
    assert [row["order_id"] for row in chain.lakehouse.read("silver.sale_lines").collect()] == ["540002"]
    is_told_as_waiting(chain, tmp_path)

    deliver_customer(chain)
    chain = chain.next("r2")
    chain.land()
    chain.bronze()
    assert len(make_plan(chain.run).reopened_ids) == 1
    for step in (chain.silver, chain.gate_silver, chain.gold, chain.gate_gold):
        step()
    assert aside(chain) == [("540003", ["customer_id_is_known"])], "its customer has not come"
    assert make_plan(chain.run).reopened_ids == []
    assert draw_up(chain.root, chain.run.pipelines, Choice(), deep=True).closes

    source = chain.run.pipelines_root / "sources/gift_partner.yml"
    source.write_text(source.read_text().replace("  hold_unknown: [customer_id]\n", ""))
    places = ["--bundle", str(chain.run.pipelines_root.parent), "--lakehouse", str(chain.root)]
    way = CliRunner().invoke(trace, ["gift_partner", "--where", "InvoiceNo=540003", *places]).output
    assert "no rule of today says so: `lakehouse backfill sales_daily" in way

    early = holding(spark, tmp_path / "early")
    deliver_customer(early)
    early.deliver("2011-01-05.csv", *SALES)
    early.go()
    same = ("silver.sale_lines", "quarantine.sale_lines", "gold.daily_sales")
    assert [chain.checksums()[name] for name in same] == [early.checksums()[name] for name in same]


def test_a_column_that_names_no_entity_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    chain = holding(spark, tmp_path, "[customer]")
    with pytest.raises(SpecError, match=r"hold_unknown names 'customer', which silver sale_lines has no reference for"):
        load_pipelines(chain.run.pipelines_root)
    with pytest.raises(
        SpecError, match=r"hold_unknown: expected a list in brackets, like \[customer_id\], got 'customer_id'"
    ):
        load_pipelines(holding(spark, tmp_path / "text", "customer_id").run.pipelines_root)


def test_what_holds_records_back_is_told_before_a_run(spark: SparkSession, tmp_path: Path) -> None:
    chain = holding(spark, tmp_path)
    source = chain.run.pipelines_root / "sources/gift_partner.yml"
    bundle = ["--bundle", str(chain.run.pipelines_root.parent)]
    told = CliRunner().invoke(sources, ["rules", "gift_partner", *bundle]).output
    assert "customer_id_is_known asks a dimension for customer_id: it has no predicate, step silver judges it" in told
    file = tmp_path / "2011-01-05.csv"
    file.write_text(
        "\n".join(["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country", *SALES])
    )
    verdict = rehearse(file, load_source(source), chain.run.pipelines.silver["sale_lines"])
    assert "customer_id_is_known" in verdict.later
