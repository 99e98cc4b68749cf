"""What stands aside, asked of a lakehouse that is there: also of sources where nothing does."""

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
