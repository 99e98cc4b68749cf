"""Two versions with one time are told: what they are about, which stands, which gives way."""

from __future__ import annotations

from pathlib import Path

from sales_lakehouse.promotion import promote_tables
from sales_lakehouse.run import Run
from sales_lakehouse.specs import Pipelines
from sales_lakehouse.tables import Lakehouse
from sales_lakehouse.ties import ties_of
from tests.conftest import PIPELINES
from tests.unit.sales_lakehouse.test_candidates import judge, record
from tests.unit.sales_lakehouse.test_silver import order, page

AT = "2011-01-05T09:11:00Z"


def test_a_pair_with_one_time_is_told_by_the_run_that_decided_it(lakehouse: Lakehouse, pipelines: Pipelines) -> None:
    places = {"lakehouse_root": lakehouse.root, "inbox_root": lakehouse.root, "pipelines_root": str(PIPELINES)}
    both: list[list[dict[str, object]]] = []
    for run_id, price in (("r1", "1.10"), ("r2", "1.20")):
        run = Run.of({"run_id": run_id, **places})
        text = page(order("540110", AT, (1, price)), order("540111", f"2011-01-0{len(both) + 1}T09:11:00Z", (1, price)))
        units = record(lakehouse, pipelines, f"unit{len(both)}", text, "online_shop")
        promote_tables(lakehouse, run, [judge(lakehouse, run, units)], units)
        both.append(ties_of(Path(lakehouse.root), run.run_id))
    (pair,) = both[1]
    assert both[0] == []
    assert (pair["source"], pair["scope"], pair["sequence"]) == ("online_shop", "540110", AT)
    assert sorted([pair["winner"], pair["loser"]]) == ["unit unit0, record 1", "unit unit1, record 1"]
    stands = lakehouse.read("silver.sale_lines").where("order_id = '540110'").collect()[0]["_unit_id"]
    assert pair["winner"] == f"unit {stands}, record 1"
