"""What stands aside, asked of a lakehouse that is there: also of sources where nothing does."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sales_lakehouse.commands.quarantine import quarantine
from tests.conftest import PIPELINES
from tests.small_lakehouse import SOURCE, build


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("quarantine")
    build(folder)
    return folder


def ask(root: Path, *words: str) -> Result:
    places = ["--bundle", str(PIPELINES.parent), "--lakehouse", str(root)]
    return CliRunner().invoke(quarantine, [*words, *places])


def test_all_records_that_stand_aside_are_listed_those_of_corrected_deliveries_too(root: Path) -> None:
    told = ask(root, "list", "--source", SOURCE, "--all")
    assert told.exit_code == 0, told.exception
    assert "540002" in told.output


def test_a_source_of_which_nothing_broke_a_rule_is_no_error(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "lakehouse"
    (other / "bronze").mkdir(parents=True)
    (other / "landing").mkdir()
    (other / "bronze" / SOURCE).symlink_to(root / "bronze" / SOURCE)
    (other / "landing" / SOURCE).symlink_to(root / "landing" / SOURCE)
    told = ask(other, "list", "--source", SOURCE)
    assert told.exit_code == 0, told.exception
    assert "540011" in told.output
    assert "540002" not in told.output


def test_a_form_that_somebody_fills_in_is_not_written_over(root: Path, tmp_path: Path) -> None:
    form = tmp_path / "form.csv"
    form.write_text("work of an hour")
    told = ask(root, "export", "--source", SOURCE, "--out", str(form))
    assert told.exit_code == 2
    assert "is there already; nothing was written" in told.output
    assert form.read_text() == "work of an hour"


def test_a_form_is_not_written_into_a_folder_that_is_missing(root: Path, tmp_path: Path) -> None:
    told = ask(root, "export", "--source", SOURCE, "--out", str(tmp_path / "missing" / "form.csv"))
    assert told.exit_code == 2
    assert "there is no folder" in told.output
    assert "nothing was written; make it first" in " ".join(told.output.split())


def test_the_name_of_no_rule_is_refused_with_the_nearest_one(root: Path) -> None:
    told = ask(root, "list", "--source", SOURCE, "--rule", "product_is_namd")
    assert (told.exit_code, type(told.exception)) == (2, SystemExit)
    assert "there is no such rule; did you mean product_is_named?" in told.output
    assert ask(root, "list", "--source", SOURCE, "--rule", "quantity_is_readable").output == "0 records stand aside\n"


def test_a_span_names_the_first_and_the_last_byte_of_the_record(root: Path) -> None:
    told = ask(root, "list", "--source", SOURCE).output
    unit, first, last = re.search(r"\(unit (\w+)\), record 3, bytes (\d+)-(\d+): 3 fields", told).groups()  # type: ignore[union-attr]
    (landed,) = (path for path in (root / "landing" / SOURCE).glob(f"{unit}*") if not path.suffix)
    assert landed.read_bytes()[int(first) : int(last) + 1] == b"540011,A3,BOWL\n"
