"""`lakehouse land`: what is new is landed and told, what cannot be landed is refused in words."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sales_lakehouse.commands.land import land
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.simulate.churn import synthetic_orders
from tests.conftest import PIPELINES
from tests.shops import served


def run_land(tmp_path: Path, *arguments: str) -> Result:
    places = ("--bundle", str(PIPELINES.parent), "--lakehouse", str(tmp_path))
    return CliRunner().invoke(land, [*arguments, *places])


def deliver(tmp_path: Path, name: str, content: str = "x", modified: int = 1) -> None:
    path = tmp_path / "inbox/gift_partner" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, ns=(modified, modified))


def test_new_files_are_landed_and_told_and_known_ones_counted(tmp_path: Path) -> None:
    deliver(tmp_path, "2011-01-04.csv")
    deliver(tmp_path, "2011-01-05.csv", "yy")
    first, again = run_land(tmp_path, "gift_partner"), run_land(tmp_path, "gift_partner")
    assert first.output.startswith("gift_partner: 2 new units, 0 seen before\n")
    assert "  2011-01-04.csv, 1 byte\n" in first.output
    assert first.output.endswith("next: `lakehouse run sales_daily`\n")
    assert again.output == "gift_partner: 0 new units, 2 seen before\n"


def test_a_correction_names_what_it_corrects(tmp_path: Path) -> None:
    deliver(tmp_path, "2011-01-04.csv")
    run_land(tmp_path, "gift_partner")
    (unit,) = LandingStore(tmp_path / "landing").manifests("gift_partner")
    deliver(tmp_path, "2011-01-04.csv", "corrected", modified=2)
    assert f"2011-01-04.csv, 9 bytes, corrects unit {unit.unit_id[:12]}\n" in run_land(tmp_path, "gift_partner").output


def test_a_date_lands_its_files_alone_and_one_without_files_is_told(tmp_path: Path) -> None:
    for day in ("2011-01-04", "2011-01-05"):
        deliver(tmp_path, f"{day}.csv", day)
    told = json.loads(run_land(tmp_path, "gift_partner", "--date", "2011-01-05", "--format", "json").output)
    assert [unit["name"] for unit in told["new"]] == ["2011-01-05.csv"]
    nothing = run_land(tmp_path, "gift_partner", "--date", "2011-02-05").output
    assert f"no finished file of 2011-02-05 lies in {tmp_path / 'inbox/gift_partner'}" in nothing


def test_an_api_is_read_at_the_address_that_is_given(tmp_path: Path) -> None:
    with served([synthetic_orders(30)]) as shop:
        told = run_land(tmp_path, "online_shop", "--connection", f"shop_api={shop.base_url}")
    assert told.exit_code == 0
    assert told.output.startswith("online_shop: 1 new unit, 0 seen before\n")


WRONG = {
    "unknown source": (["gift_partnr"], 2, "did you mean gift_partner"),
    "a path": (["x/gift.yml"], 2, "nothing was landed; put it there and give its name"),
    "a date of an api": (["online_shop", "--date", "2011-01-05"], 2, "pages belong to no date; nothing was asked"),
    "no date": (["gift_partner", "--date", "5.1.2011"], 2, "'5.1.2011' does not match the format"),
    "no address": (["online_shop"], 2, "connection 'shop_api' is not among connections (none)"),
    "no connection": (["online_shop", "--connection", "shop"], 2, "expected NAME=URL, like"),
    "not up": (["online_shop", "--connection", "shop_api=http://127.0.0.1:9"], 1, "nothing answers at"),
}


@pytest.mark.parametrize(("arguments", "code", "told"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_landed_is_refused_in_words(tmp_path: Path, arguments: list[str], code: int, told: str) -> None:
    result = run_land(tmp_path, *arguments)
    assert result.exit_code == code
    assert told in " ".join(result.output.split())


def test_a_file_whose_name_says_no_date_ends_with_1_and_those_before_stay(tmp_path: Path) -> None:
    deliver(tmp_path, "2011-01-04.csv")
    deliver(tmp_path, "sales.csv")
    result = run_land(tmp_path, "gift_partner")
    assert result.exit_code == 1
    assert "rename it or move it out of" in result.output
    assert len(LandingStore(tmp_path / "landing").manifests("gift_partner")) == 1
