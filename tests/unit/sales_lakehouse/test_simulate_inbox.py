"""Deliveries appear at once, and what is there already is left alone."""

from pathlib import Path

import pytest

from sales_lakehouse.simulate.errors import SimulatorError
from sales_lakehouse.simulate.inbox import drop_file, drop_files
from sales_lakehouse.simulate.partner_files import PartnerFile

FILE = PartnerFile("gift_partner", "2011-01-04.csv", b"one\n")
CORRECTED = PartnerFile("gift_partner", "2011-01-04.csv", b"two\n")


def test_a_new_file_lies_in_its_sources_folder_and_nothing_beside_it(tmp_path: Path) -> None:
    assert drop_file(tmp_path / "inbox", FILE) == "new"
    assert [each.name for each in (tmp_path / "inbox/gift_partner").iterdir()] == [FILE.name]
    assert (tmp_path / "inbox/gift_partner/2011-01-04.csv").read_bytes() == b"one\n"


def test_the_same_bytes_are_left_untouched(tmp_path: Path) -> None:
    drop_file(tmp_path, FILE)
    before = (tmp_path / "gift_partner/2011-01-04.csv").stat()
    assert drop_file(tmp_path, FILE) == "unchanged"
    after = (tmp_path / "gift_partner/2011-01-04.csv").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_bytes_replace_the_file_as_a_new_one(tmp_path: Path) -> None:
    drop_file(tmp_path, FILE)
    with (tmp_path / "gift_partner/2011-01-04.csv").open("rb") as reading:
        assert drop_file(tmp_path, CORRECTED) == "changed"
        assert reading.read() == b"one\n"
    assert (tmp_path / "gift_partner/2011-01-04.csv").read_bytes() == b"two\n"


def test_outcomes_are_counted(tmp_path: Path) -> None:
    assert drop_files(tmp_path, [FILE, FILE, CORRECTED]) == {"new": 1, "unchanged": 1, "changed": 1}


def test_an_inbox_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_text("a file where a folder should be")
    with pytest.raises(SimulatorError, match=r"inbox/gift_partner.*--inbox DIR"):
        drop_files(tmp_path / "inbox", [FILE])
