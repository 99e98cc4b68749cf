"""Landing: bytes kept as they came, known deliveries only noted, corrections never ignored."""

import os
import shutil
from pathlib import Path

import pytest

from bundle_runner.bundle.load import load_bundle
from bundle_runner.plan.prepare import prepare
from sales_lakehouse.errors import ApiError, DeliveryError, ParameterError
from sales_lakehouse.landing import LandingStore, Manifest, land_source
from sales_lakehouse.ledger.file_check import check_landing
from sales_lakehouse.plan import finish, make_plan
from sales_lakehouse.run import Run
from tests.conftest import PIPELINES
from tests.samples import seller_total
from tests.shops import free_port, make_bundle, running_shop


def make_run(tmp_path: Path, **changes: str) -> Run:
    parameters = {
        "run_id": "r1",
        "lakehouse_root": str(tmp_path / "lakehouse"),
        "inbox_root": str(tmp_path / "inbox"),
        "pipelines_root": str(PIPELINES),
    }
    return Run.of({**parameters, **changes})


def deliver(tmp_path: Path, content: bytes, name: str = "2011-01-05.csv", modified: int = 1) -> None:
    path = tmp_path / "inbox/gift_partner" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(modified, modified))


def land_gifts(tmp_path: Path) -> list[Manifest]:
    run = make_run(tmp_path)
    return land_source(run, run.pipelines.source("gift_partner")).new


def test_bytes_land_unchanged_beside_their_manifest(tmp_path: Path) -> None:
    deliver(tmp_path, b"\xff\x00 any bytes\r\n")
    (unit,) = land_gifts(tmp_path)
    assert LandingStore(tmp_path / "lakehouse/landing").content_path(unit).read_bytes() == b"\xff\x00 any bytes\r\n"
    assert (unit.name, unit.business_date, unit.size_bytes) == ("2011-01-05.csv", "2011-01-05", 14)


def test_a_second_look_at_the_same_inbox_lands_nothing(tmp_path: Path) -> None:
    deliver(tmp_path, b"same")
    land_gifts(tmp_path)
    before = sorted(path.name for path in (tmp_path / "lakehouse").rglob("*"))
    assert land_gifts(tmp_path) == []
    assert sorted(path.name for path in (tmp_path / "lakehouse").rglob("*")) == before


def test_the_same_bytes_delivered_again_are_noted_once(tmp_path: Path) -> None:
    for modified in (1, 2):
        deliver(tmp_path, b"same", modified=modified)
        land_gifts(tmp_path)
    land_gifts(tmp_path)
    (note,) = (tmp_path / "lakehouse/landing/gift_partner").glob("*.redelivered")
    assert len(note.read_text().splitlines()) == 1


def test_the_same_bytes_from_two_sources_are_two_units(tmp_path: Path) -> None:
    store = LandingStore(tmp_path)
    one, other = (store.put(b"same", Manifest(name, "a.csv", "2011-01-05T06:00:00Z")) for name in ("one", "other"))
    assert one
    assert other
    assert one.unit_id != other.unit_id
    assert store.content_path(one).read_bytes() == store.content_path(other).read_bytes() == b"same"


def test_other_bytes_under_a_known_name_are_a_correction(tmp_path: Path) -> None:
    deliver(tmp_path, b"first")
    (first,) = land_gifts(tmp_path)
    deliver(tmp_path, b"second", modified=2)
    (second,) = land_gifts(tmp_path)
    assert second.corrects == first.unit_id


def test_old_bytes_that_come_back_after_a_correction_are_a_correction(tmp_path: Path) -> None:
    units = []
    for modified, content in enumerate((b"right", b"wrong", b"right"), start=1):
        deliver(tmp_path, content, modified=modified)
        if modified == 3:
            LandingStore(tmp_path / "lakehouse/landing").mark("gift_partner", [units[0].unit_id], "applied")
        units += land_gifts(tmp_path)
    first, second, third = units
    assert (third.unit_id, third.corrects) == (first.unit_id, second.unit_id)
    newest = make_plan(make_run(tmp_path)).units["gift_partner"][-1]
    assert (newest.unit_id, newest.received_at) == (first.unit_id, third.received_at)


def test_two_files_of_nothing_but_a_header_are_statements_about_two_days(tmp_path: Path) -> None:
    for day in ("2011-01-05", "2011-01-06"):
        deliver(tmp_path, f"header\n{day}\n".encode(), f"{day}.csv")
    first = land_gifts(tmp_path)
    for day in ("2011-01-05", "2011-01-06"):
        deliver(tmp_path, b"header\n", f"{day}.csv", modified=2)
    emptied = land_gifts(tmp_path)
    assert [(unit.business_date, unit.corrects) for unit in emptied] == [
        ("2011-01-05", first[0].unit_id),
        ("2011-01-06", first[1].unit_id),
    ]
    deliver(tmp_path, b"header\n", "2011-01-06.csv", modified=3)
    assert land_gifts(tmp_path) == []
    assert check_landing(tmp_path / "lakehouse") == []


def test_a_file_still_being_written_is_left_alone(tmp_path: Path) -> None:
    for name in (".2011-01-05.csv", "2011-01-05.csv.part"):
        deliver(tmp_path, b"half", name)
    assert land_gifts(tmp_path) == []


def test_a_name_without_a_date_is_refused_in_words(tmp_path: Path) -> None:
    deliver(tmp_path, b"x", "sales_today.csv")
    with pytest.raises(DeliveryError, match=r"sales_today\.csv.*does not follow.*not landed; rename it"):
        land_gifts(tmp_path)


def test_a_business_date_limits_what_is_landed(tmp_path: Path) -> None:
    for day in ("2011-01-04", "2011-01-05"):
        deliver(tmp_path, day.encode(), f"{day}.csv")
    run = make_run(tmp_path, business_date="2011-01-05")
    assert [unit.name for unit in land_source(run, run.pipelines.source("gift_partner")).new] == ["2011-01-05.csv"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("business_date", "5.1.2011"), ("connections", "shop"), ("lakehouse_root", ""), ("deliveries", "api")],
)
def test_a_bad_parameter_dies_at_the_edge(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ParameterError, match=name):
        make_run(tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("deliveries", "sources"),
    [
        ("files", ["euro_partner", "gift_partner"]),
        ("rest", ["online_shop", "shop_customers", "shop_products"]),
        ("", ["euro_partner", "gift_partner", "online_shop", "shop_customers", "shop_products"]),
    ],
)
def test_a_job_may_land_the_sources_of_one_kind_of_delivery(
    tmp_path: Path, deliveries: str, sources: list[str]
) -> None:
    assert sorted(make_run(tmp_path, deliveries=deliveries).sources_to_land) == sources


def test_the_job_of_the_day_is_run_for_the_apis_alone(tmp_path: Path) -> None:
    bundle = load_bundle(PIPELINES.parent, "local", {"lakehouse_root": str(tmp_path)})
    (task,) = prepare(bundle, "sales_intraday", {}).job.tasks
    assert task.run_job_task
    assert (task.run_job_task.job_id, task.run_job_task.job_parameters) == ("sales_daily", {"deliveries": "rest"})
    job = bundle.job("sales_daily")
    assert job.max_concurrent_runs == 1
    assert job.queue
    assert job.queue.enabled


def test_open_units_are_work_until_they_are_marked(tmp_path: Path) -> None:
    deliver(tmp_path, b"x")
    (unit,) = land_gifts(tmp_path)
    run = make_run(tmp_path)
    assert make_plan(run).work == 1
    LandingStore(run.landing_root).mark("gift_partner", [unit.unit_id], "applied")
    assert make_plan(run).work == 0


def test_a_changed_query_is_work(tmp_path: Path) -> None:
    shutil.copytree(PIPELINES, tmp_path / "pipelines", ignore=shutil.ignore_patterns("samples"))
    finish(make_run(tmp_path, pipelines_root=str(tmp_path / "pipelines")))
    query = tmp_path / "pipelines/gold/daily_sales.sql"
    query.write_text(query.read_text() + "HAVING count(*) > 0\n")
    assert make_plan(make_run(tmp_path, pipelines_root=str(tmp_path / "pipelines"))).definitions_changed


def test_the_shop_is_read_completely_then_only_what_is_new(tmp_path: Path) -> None:
    with running_shop(make_bundle(tmp_path / "shop", ["2011-01-04", "2011-01-05"])) as client:
        run = make_run(tmp_path, connections=f'{{"shop_api": "{client.base_url}"}}')
        shop = run.pipelines.source("online_shop")
        first, second = land_source(run, shop), land_source(run, shop)
    lines = sum(seller_total(day, "online_shop").lines for day in ("2011-01-04", "2011-01-05"))
    store = LandingStore(run.landing_root)
    assert b"".join(store.content_path(unit).read_bytes() for unit in first.new).count(b'"sku"') == lines
    assert (second.new, make_plan(run).work) == ([], len(first.new))


def test_an_api_that_is_not_up_is_told_with_the_remedy(tmp_path: Path) -> None:
    run = make_run(tmp_path, connections=f'{{"shop_api": "http://127.0.0.1:{free_port()}"}}')
    with pytest.raises(ApiError, match=r"not up: nothing answers at .*simulate world"):
        land_source(run, run.pipelines.source("online_shop"))
