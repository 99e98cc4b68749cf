"""Two versions with one time are told: what they are about, which stands, which gives way."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from sales_lakehouse.promotion import promote_tables
from sales_lakehouse.run import Run
from sales_lakehouse.session import local_frame
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.tables import Lakehouse
from sales_lakehouse.ties import TIES_DDL, ties_of
from sales_lakehouse.verdicts import judge_ties
from tests.conftest import PIPELINES
from tests.unit.sales_lakehouse.test_candidates import judge, record
from tests.unit.sales_lakehouse.test_silver import order, page

AT = "2011-01-05T09:11:00Z"


def test_a_pair_with_one_time_is_told_by_the_run_that_decided_it(lakehouse: Lakehouse, pipelines: Pipelines) -> None:
    places = {"lakehouse_root": lakehouse.root, "inbox_root": lakehouse.root, "pipelines_root": str(PIPELINES)}
    both: list[list[dict[str, str]]] = []
    warned: list[str] = []
    for run_id, price in (("r1", "1.10"), ("r2", "1.20")):
        run = Run.of({"run_id": run_id, **places})
        text = page(order("540110", AT, (1, price)), order("540111", f"2011-01-0{len(both) + 1}T09:11:00Z", (1, price)))
        units = record(lakehouse, pipelines, f"unit{len(both)}", text, "online_shop")
        candidate = judge(lakehouse, run, units)
        warned.append(judge_ties(candidate).told)
        promote_tables(lakehouse, run, [candidate], units)
        both.append(ties_of(run))
    (pair,) = both[1]
    assert both[0] == []
    assert warned[0] == ""
    assert warned[1].startswith("1 thing has two versions with one time: the greater hash stands")
    assert (pair["source"], pair["about"], pair["both state"]) == ("online_shop", "order_id 540110", AT)
    assert sorted([pair["stands"], pair["gives way"]]) == ["unit0, record 1", "unit1, record 1"]
    stands = lakehouse.read("silver.sale_lines").where("order_id = '540110'").collect()[0]["_unit_id"]
    assert pair["stands"] == f"{stands}, record 1"
    assert pair["stands with, not with"].startswith("lines: [")


def test_what_tells_of_a_person_is_masked(lakehouse: Lakehouse) -> None:
    places = {"lakehouse_root": lakehouse.root, "inbox_root": lakehouse.root, "pipelines_root": str(PIPELINES)}
    row = ("customers", "shop_customers", "|17850|2011-01-05 09:11:00", AT, "b/1", "b", "a/1", "a", "r1")
    lakehouse.append("ops.ties", local_frame(lakehouse.spark, [row], TIES_DDL), "r1")
    page_of = {"a": "United Kingdom", "b": "Eire"}
    for unit, country in page_of.items():
        rows = [{"_unit_id": unit, "_record_no": 1, "customer_id": f"1785{unit}", "country_name": country}]
        write_deltalake(Path(lakehouse.root) / "bronze/shop_customers", pa.Table.from_pylist(rows), mode="append")
    (pair,) = ties_of(Run.of({"run_id": "r1", **places}))
    assert pair["about"] == "customer_id (masked), valid_from 2011-01-05 09:11:00"
    assert pair["stands with, not with"] == "customer_id: (masked); country_name: Eire, not United Kingdom"
