"""What a backfill is told of each date, from manifests, inbox and gold."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from sales_lakehouse.backfill import foresee
from sales_lakehouse.errors import DeliveryError
from sales_lakehouse.files import write_json
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.rebuild import rebuild
from tests import small_lakehouse

PIPELINES = Path(__file__).parents[3] / "pipelines"
DAYS = ["2011-01-05", "2011-01-06", "2011-01-07"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a lakehouse in which two days are applied, a third has landed, and an API page waits."""
    small_lakehouse.build(tmp_path)
    small_lakehouse.land(tmp_path, "2011-01-07.csv", "2011-01-08T06:00:00Z", small_lakehouse.FIRST_DAY[:1])
    LandingStore(tmp_path / "landing").put(b"[]", Manifest("online_shop", "orders", "2011-01-08T07:00:00Z"))
    for name in ("2011-01-06.csv", "2011-01-09.csv"):
        file = tmp_path / "inbox" / "gift_partner" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(small_lakehouse.HEADER)
    return tmp_path


def told(root: Path, *days: str, **other: str) -> dict[str, str]:
    places = {"lakehouse_root": str(root), "inbox_root": str(root / "inbox"), "pipelines_root": str(PIPELINES)}
    return foresee({day: {**places, "business_date": day, **other} for day in days})


def test_each_date_tells_its_units_its_files_and_its_slices(root: Path) -> None:
    found = told(root, *DAYS)
    assert found == {
        "2011-01-05": "2 units (gift_partner 2, 5 records) applied, gold holds rows: daily_sales 2, "
        "1 unit (online_shop 1) without a date, which go with the first run",
        "2011-01-06": "2 units (gift_partner 2, 5 records) applied, 1 file in the inbox (gift_partner 1), "
        "gold holds rows: daily_sales 2",
        "2011-01-07": "1 unit (gift_partner 1) open",
    }


def test_a_date_of_which_nothing_is_known_says_so(root: Path) -> None:
    assert told(root, "2011-02-01", "2011-02-02")["2011-02-02"] == "nothing known"


def test_a_date_that_a_run_was_asked_to_make_anew_says_so(root: Path) -> None:
    write_json(root / "ops/rebuild.json", {"dates": {"2011-01-06": {"gift_partner": ["u"]}}, "waiting": {}})
    found = told(root, *DAYS)
    assert found["2011-01-06"].endswith("daily_sales 2, asked to be made anew by the next run")
    assert "anew" not in found["2011-01-05"]


def test_other_jobs_and_other_places_are_told_nothing(root: Path) -> None:
    assert foresee({"2011-01-05": {"day": "2011-01-05"}}) == {}
    assert foresee({}) == {}
    assert told(root, "2011-01-05", lakehouse_root="s3://bucket/dev") == {}


def test_a_file_without_a_date_is_named(root: Path) -> None:
    (root / "inbox" / "gift_partner" / "copy of.csv").write_text("x")
    with pytest.raises(DeliveryError, match=r"copy of\.csv: the name does not follow"):
        told(root, "2011-01-05")


def test_the_runner_finds_it() -> None:
    (entry,) = [entry for entry in entry_points(group="lakehouse.backfill") if entry.name == "sales"]
    assert entry.load() is foresee
    (entry,) = entry_points(group="lakehouse.rebuild")
    assert entry.load() is rebuild
