"""A partner's own totals, in a file's name or beside it, land with the file and are held against it."""

import os
from pathlib import Path

import pytest

from sales_lakehouse.errors import DeliveryError
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.landing.files import discover_files
from sales_lakehouse.scan import scan_unit
from sales_lakehouse.specs import load_source
from sales_lakehouse.specs.files import FilesDelivery, SideFile
from tests.conftest import PIPELINES

GIFTS = load_source(PIPELINES / "sources/gift_partner.yml")
CONTENT = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n1,A,CAKE,1,d,9.95,,EIRE\n"
)
BESIDE = FilesDelivery(
    kind="files",
    name="sales_{business_date}.csv",
    side_file=SideFile(suffix=".sum", pattern=r"rows=(?P<records>\d+)"),
)


def deliver(inbox: Path, name: str, content: bytes, modified: int = 1) -> None:
    path = inbox / "gift_partner" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(modified, modified))


def discover(inbox: Path, delivery: FilesDelivery) -> list[Manifest]:
    return [manifest for _, manifest in discover_files("gift_partner", delivery, inbox)]


def reasons(content: bytes, stated: dict[str, str]) -> set[str | None]:
    return {row["_reason"] for batch in scan_unit(content, GIFTS, stated) for row in batch.to_pylist()} - {None}


def test_a_name_states_totals(tmp_path: Path) -> None:
    name = f"sales_2011-01-05_1_9.95_{'0a' * 32}.csv"
    deliver(tmp_path, name, CONTENT)
    delivery = FilesDelivery(kind="files", name="sales_{business_date}_{records}_{amount}_{sha256}.csv")
    (unit,) = discover(tmp_path, delivery)
    assert unit.stated == {"records": "1", "amount": "9.95", "sha256": "0a" * 32}
    assert any("sha256" in str(reason) for reason in reasons(CONTENT, unit.stated))


@pytest.mark.parametrize(("rows", "told"), [("1", 0), ("2", 1)], ids=["the same", "another number"])
def test_a_file_beside_it_states_totals(tmp_path: Path, rows: str, told: int) -> None:
    deliver(tmp_path, "sales_2011-01-05.csv", CONTENT)
    deliver(tmp_path, "sales_2011-01-05.csv.sum", f"rows={rows}\n".encode())
    (unit,) = discover(tmp_path, BESIDE)
    assert unit.stated == {"records": rows}
    assert len(reasons(CONTENT, unit.stated)) == told


def test_a_file_waits_for_the_one_beside_it(tmp_path: Path) -> None:
    deliver(tmp_path, "sales_2011-01-05.csv", CONTENT)
    assert discover(tmp_path, BESIDE) == []


def test_a_file_beside_it_that_states_nothing_is_told(tmp_path: Path) -> None:
    deliver(tmp_path, "sales_2011-01-05.csv", CONTENT)
    deliver(tmp_path, "sales_2011-01-05.csv.sum", b"nothing")
    with pytest.raises(DeliveryError, match=r"sales_2011-01-05\.csv\.sum: expected .* found 'nothing'; .* not landed"):
        discover(tmp_path, BESIDE)


def test_other_totals_of_the_same_bytes_make_the_unit_work_again(tmp_path: Path) -> None:
    store = LandingStore(tmp_path / "landing")
    deliver(tmp_path, "sales_2011-01-05.csv", CONTENT)
    landed = []
    for modified, rows in enumerate((b"rows=2", b"rows=2", b"rows=1"), start=1):
        deliver(tmp_path, "sales_2011-01-05.csv.sum", rows, modified)
        (unit,) = discover(tmp_path, BESIDE)
        landed.append(store.put(CONTENT, unit))
    assert [bool(unit) for unit in landed] == [True, False, True]
    assert [unit.stated for unit in store.open_units("gift_partner")] == [{"records": "1"}]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sales.csv", "expected {business_date} once"),
        ("{business_date}_{business_date}.csv", "expected {business_date} once"),
        ("{business_date}_{rows}.csv", "at most business_date, records"),
    ],
    ids=["no date", "two dates", "an unknown placeholder"],
)
def test_a_name_that_cannot_be_read_is_refused(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FilesDelivery(kind="files", name=name)


@pytest.mark.parametrize("pattern", ["(", "rows=(\\d+)", "(?P<rows>\\d+)"], ids=["broken", "unnamed", "unknown"])
def test_an_expression_that_states_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"no regular expression|expected named groups among amount, bytes, records"):
        SideFile(suffix=".sum", pattern=pattern)
