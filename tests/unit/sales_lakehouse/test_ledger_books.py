"""The books read without Spark: what balances, and what was altered behind Delta's back."""

import json
import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from deltalake import DeltaTable, write_deltalake

from sales_lakehouse.commands.books import show_books
from sales_lakehouse.ledger import foreign_commits, seal_files
from sales_lakehouse.ledger.seals import active_files, read_seals
from tests.conftest import PIPELINES
from tests.small_lakehouse import SOURCE, Unit, build, signed

SEEDS = range(100 if os.environ.get("TORTURE") else 20)
SEALED = ("bronze.gift_partner", "silver.sale_lines", "gold.daily_sales", "quarantine.sale_lines", "ops.balances")


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Unit]]:
    """Give a lakehouse after two runs, looked at and sealed."""
    root = tmp_path_factory.mktemp("finished")
    units = build(root)
    foreign_commits(root)
    assert seal_files(root) > len(SEALED)
    return root, units


@pytest.fixture
def root(delivered: tuple[Path, dict[str, Unit]], tmp_path: Path) -> Path:
    """Give a copy to be changed."""
    return Path(shutil.copytree(delivered[0], tmp_path / "lakehouse"))


@pytest.fixture(scope="module")
def units(delivered: tuple[Path, dict[str, Unit]]) -> dict[str, Unit]:
    """Give the lakehouse's units by what they are."""
    return delivered[1]


def ask(root: Path, *options: str) -> Result:
    return CliRunner().invoke(
        show_books, ["--bundle", str(PIPELINES.parent), "--lakehouse", str(root), *options], catch_exceptions=False
    )


def findings(root: Path, *options: str) -> list[str]:
    asked = ask(root, "--deep", *options)
    found = [line for line in asked.output.splitlines() if line.startswith("finding: ")]
    assert asked.exit_code == (3 if found else 0)
    return found


def test_books_of_a_finished_lakehouse_close_to_the_cent(root: Path) -> None:
    asked = ask(root, "--deep")
    assert asked.output.splitlines()[-1] == "the books close"
    assert asked.exit_code == 0
    facts = json.loads(ask(root, "--deep", "--format", "json").output)
    (records,) = facts["records"]
    counted = {
        "units": 4,
        "found": 10,
        "kept": 9,
        "refused": 1,
        "unit_quarantined": 0,
        "accepted_new": 6,
        "accepted_update": 1,
    }
    assert records == {
        "source": SOURCE,
        **counted,
        "unchanged": 0,
        "duplicate": 0,
        "superseded": 1,
        "quarantined": 1,
        "repaired": 0,
        "repair_failed": 0,
        "withdrawn": 0,
        "waiting": 0,
    }
    (amounts,) = facts["amounts"]
    assert amounts["published"] == "29.7500"
    silver = DeltaTable(root / "silver/sale_lines").to_pyarrow_table()["line_amount"]
    assert pc.sum(silver).as_py() == Decimal(amounts["published"])


def test_books_can_be_asked_for_one_run_or_one_unit(root: Path, units: dict[str, Unit]) -> None:
    of_run = json.loads(ask(root, "--run", "r2", "--format", "json").output)
    assert [unit["unit_id"] for unit in of_run["units"]] == [units["corrected"].unit_id]
    last = json.loads(ask(root, "--run", "last", "--format", "json").output)
    assert last == of_run
    of_unit = ask(root, "--unit", units["second"].unit_id[:10])
    assert "21.25" in of_unit.output
    assert of_unit.output.splitlines()[-1] == f"the books of unit {units['second'].unit_id[:10]} close"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--run", "r9"], "the books of run r9: there are none; the books know r1, r2"),
        (["--unit", "zz"], "the books of unit zz: there are none"),
        (["--run", "r1", "--unit", "a"], "give one of them"),
        (["--accept", "silver.sale_lines"], "expected TABLE:VERSION like silver.sale_lines:3"),
        (["--accept", "silver.sale_lines:3"], "say why with --because"),
        (
            ["--accept", "silver.sale_line:3", "--because", "x"],
            "there is no table silver.sale_line; did you mean silver.",
        ),
        (["--accept", "silver.sale_lines:9", "--because", "x"], "breaks no chain, so nothing was accepted"),
    ],
    ids=["unknown run", "unknown unit", "both", "no version", "no reason", "unknown table", "no break"],
)
def test_a_question_that_has_no_answer_is_refused(root: Path, options: list[str], told: str) -> None:
    asked = ask(root, *options)
    assert asked.exit_code == 2
    assert told in asked.output


def test_a_unit_that_waits_is_open_and_no_finding(root: Path, units: dict[str, Unit]) -> None:
    first = units["first"].unit_id
    (root / f"landing/{SOURCE}/{first}.state").unlink()
    asked = ask(root)
    assert asked.exit_code == 0
    assert "open: 1 unit\n" in asked.output
    assert (
        f"gift_partner 2011-01-05.csv (unit {first[:8]}, received 2011-01-06T06:00:00): waits for a run" in asked.output
    )


def test_what_was_judged_and_not_promoted_waits_and_is_not_told_as_published(
    root: Path, units: dict[str, Unit]
) -> None:
    second = units["second"].unit_id
    table = DeltaTable(root / "ops/units")
    table.delete(f"unit_id = '{second}' AND state = 'applied'", commit_properties=signed("r3"))
    (root / f"landing/{SOURCE}/{second}.state").unlink()
    asked = ask(root)
    assert (
        f"gift_partner 2011-01-06.csv (unit {second[:8]}, received 2011-01-07T06:00:00): judged by run r1"
        in asked.output
    )
    facts = json.loads(ask(root, "--format", "json").output)
    (records,), (amounts,) = facts["records"], facts["amounts"]
    assert (records["kept"], records["accepted_new"], records["waiting"]) == (9, 3, 3)
    assert (amounts["published"], amounts["waiting"]) == ("8.5000", "21.2500")


def test_an_applied_unit_stays_applied_when_it_is_counted_again(root: Path) -> None:
    table = DeltaTable(root / "ops/units")
    again = table.to_pyarrow_table().filter(pc.field("state") == "recorded")
    later = pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * again.num_rows, again.schema.field("noted_at").type)
    again = again.set_column(again.schema.get_field_index("noted_at"), "noted_at", later)
    write_deltalake(table.table_uri, again, mode="append", commit_properties=signed("r9"))
    units = json.loads(ask(root, "--format", "json").output)["units"]
    assert {unit["state"] for unit in units} == {"applied"}


def delete_row(rows: pa.Table, chance: random.Random) -> tuple[pa.Table, int]:
    place = chance.randrange(rows.num_rows)
    return pa.concat_tables([rows.slice(0, place), rows.slice(place + 1)]), place


def double_row(rows: pa.Table, chance: random.Random) -> tuple[pa.Table, int]:
    place = chance.randrange(rows.num_rows)
    return pa.concat_tables([rows, rows.slice(place, 1)]), place


def alter_row(rows: pa.Table, chance: random.Random) -> tuple[pa.Table, int]:
    place = chance.randrange(rows.num_rows)
    name = chance.choice([field.name for field in rows.schema if pa.types.is_string(field.type)][:1])
    values = rows[name].to_pylist()
    values[place] = f"{values[place]} altered"
    return rows.set_column(rows.schema.names.index(name), name, pa.array(values, pa.string())), place


CHANGES: list[Callable[[pa.Table, random.Random], tuple[pa.Table, int]]] = [delete_row, double_row, alter_row]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_file_altered_without_a_commit_is_named_with_the_unit_or_slice(root: Path, seed: int) -> None:
    chance = random.Random(seed)
    table = chance.choice(SEALED)
    file = chance.choice(active_files(root, table))
    path = root / table.replace(".", "/") / file.path
    rows = pq.ParquetFile(path).read()
    altered, place = chance.choice(CHANGES)(rows, chance)
    pq.write_table(altered, path)

    (unit,) = [name for name in ("_unit_id", "unit_id") if name in rows.schema.names] or [None]
    part = f"unit {rows[unit][place].as_py()[:8]} (gift_partner " if unit else f"{file.slice} had"
    named = [line for line in findings(root) if f"{table}, file {file.path}: its bytes are not" in line]
    assert len(named) == 1
    assert f"rows differ of {part}" in named[0]
    assert foreign_commits(root) == [], "no commit tells of it"


def test_a_file_written_anew_with_the_same_rows_is_told_as_such(root: Path) -> None:
    file = active_files(root, "silver.sale_lines")[0]
    path = root / "silver/sale_lines" / file.path
    pq.write_table(pq.ParquetFile(path).read(), path, compression="gzip")
    assert any("the rows are the same, the file was written anew" in line for line in findings(root))


def test_a_missing_file_and_one_that_is_no_parquet_say_whose_rows_they_held(root: Path, units: dict[str, Unit]) -> None:
    for index, file in enumerate(active_files(root, "bronze.gift_partner")):
        path = root / "bronze/gift_partner" / file.path
        path.unlink() if index == 0 else path.write_bytes(b"spoiled")
    found = sorted(line.split(": ", 2)[2] for line in findings(root))
    assert found[0].startswith("it is missing; it held unit ") or found[1].startswith("it is missing; it held unit ")
    assert any("it is no parquet file any more; it held unit " in line for line in found)


def test_a_table_that_nobody_can_read_is_told_once_beside_the_file_that_is_spoiled(root: Path) -> None:
    (file, *_) = active_files(root, "silver.sale_lines")
    (root / "silver/sale_lines" / file.path).write_bytes(b"spoiled")
    spoiled, unreadable = findings(root)
    assert f"silver.sale_lines, file {file.path}: its bytes are not those that were sealed" in spoiled
    assert unreadable.startswith("finding: unreadable: silver.sale_lines: ")


@pytest.mark.parametrize("table", ["silver.sale_lines", "ops.units"])
def test_a_gap_in_a_log_keeps_the_books_open_and_breaks_no_check(root: Path, table: str) -> None:
    (root / table.replace(".", "/") / "_delta_log" / f"{0:020}.json").unlink()
    found = findings(root)
    assert found[0] == f"finding: {table}, version 0: its log entry was removed"
    assert any(f"unreadable: {table}: its log cannot be read" in line for line in found)
    assert not any("the books say" in line for line in found)


def test_files_after_the_last_seal_are_reported_and_are_no_finding(root: Path) -> None:
    shutil.rmtree(root / "ops/seals")
    asked = ask(root, "--deep")
    assert asked.exit_code == 0
    assert "files are not sealed yet (bronze.gift_partner, " in asked.output


def test_sealing_reads_only_new_files_and_forgets_none_that_a_version_can_go_back_to(root: Path) -> None:
    before = read_seals(root, "silver.sale_lines")
    assert seal_files(root) == 0
    DeltaTable(root / "silver/sale_lines").delete("order_id = '540012'", commit_properties=signed("r3"))
    assert seal_files(root) == 1
    assert before.items() < read_seals(root, "silver.sale_lines").items()


def test_landed_bytes_that_do_not_hash_to_their_name_are_found(root: Path, units: dict[str, Unit]) -> None:
    path = root / f"landing/{SOURCE}/{units['second'].unit_id}"
    path.write_bytes(path.read_bytes() + b"\n")
    (root / f"landing/{SOURCE}/{units['first'].unit_id}").unlink()
    first, second = findings(root)
    assert "its bytes are missing, the manifest is there" in first
    assert f"unit {units['second'].unit_id[:8]} (2011-01-06.csv): its bytes do not hash to its name" in second


def test_a_published_row_that_the_books_do_not_know_is_found_by_source_and_currency(root: Path) -> None:
    DeltaTable(root / "silver/sale_lines").delete("order_id = '540012'", commit_properties=signed("r3"))
    gold, silver = findings(root)
    assert silver.endswith("silver.sale_lines, gift_partner GBP: it holds 4 rows, 17.75, the books say 5 rows, 29.75")
    assert gold.endswith(
        "gold.daily_sales, net_amount, 2011-01-06 GBP: it holds 21.25, sale_lines.line_amount says 9.25"
    )


def test_silver_is_not_held_against_a_judgement_that_no_gate_has_promoted(root: Path, units: dict[str, Unit]) -> None:
    table = DeltaTable(root / "ops/balances")
    changes = {"run_id": "'r9'", "amount": "amount + 1"}
    table.update(changes, predicate="disposition = 'accepted_new'", commit_properties=signed("r9"))
    assert [line for line in findings(root) if "silver.sale_lines, gift" in line] == []
    assert "note: gift_partner: a unit was judged once more" in ask(root, "--deep").output


def test_a_unit_that_was_promoted_twice_counts_with_all_that_it_published(root: Path) -> None:
    table = DeltaTable(root / "ops/units")
    again = table.to_pyarrow_table().filter(pc.field("state") == "applied")
    again = again.set_column(again.schema.get_field_index("run_id"), "run_id", pa.array(["r9"] * again.num_rows))
    write_deltalake(table.table_uri, again, mode="append", commit_properties=signed("r9"))
    assert findings(root) == []
    DeltaTable(root / "silver/sale_lines").delete("order_id = '540012'", commit_properties=signed("r9"))
    assert any("silver.sale_lines, gift_partner GBP" in line for line in findings(root))


def test_a_record_that_is_nowhere_is_found_without_deep(root: Path, units: dict[str, Unit]) -> None:
    table = DeltaTable(root / "ops/balances")
    table.delete("disposition = 'quarantined'", commit_properties=signed("r3"))
    asked = ask(root)
    assert asked.exit_code == 3
    assert (
        f"gift_partner 2011-01-05.csv (unit {units['first'].unit_id[:8]}): 3 records kept, 2 accounted for"
        in asked.output
    )
    assert asked.output.splitlines()[-1] == "the books do not close: 1 finding"


@pytest.mark.parametrize(
    ("column", "told"),
    [("found", "9 records found, 3 kept, refused or set aside"), ("size_bytes", "9 bytes delivered, ")],
    ids=["records", "bytes"],
)
def test_records_or_bytes_that_nobody_accounts_for_are_found(root: Path, column: str, told: str) -> None:
    table = DeltaTable(root / "ops/units")
    table.update(
        updates={column: "9"}, predicate="unit_date = '2011-01-05' AND corrects IS NULL", commit_properties=signed("r3")
    )
    asked = ask(root)
    assert asked.exit_code == 3
    assert told in asked.output


def test_dates_that_wait_to_be_built_anew_are_told_and_not_held_against_silver(root: Path) -> None:
    waiting = {"gold_table": ["daily_sales"], "business_date": [date(2011, 1, 6)], "state": ["pending"]}
    noted = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    write_deltalake(root / "ops/slices", pa.table({**waiting, "noted_at": noted}), commit_properties=signed("r3"))
    DeltaTable(root / "silver/sale_lines").delete("order_id = '540012'", commit_properties=signed("r3"))
    assert [line for line in findings(root) if "gold." in line] == []
    assert "note: gold.daily_sales: 1 date waits to be built anew (2011-01-06)" in ask(root, "--deep").output


def test_a_file_without_a_seal_is_held_against_deltas_own_count(root: Path) -> None:
    shutil.rmtree(root / "ops/seals")
    (file, *_) = active_files(root, "quarantine.sale_lines")
    path = root / "quarantine/sale_lines" / file.path
    rows = pq.ParquetFile(path).read()
    pq.write_table(pa.concat_tables([rows, rows]), path)
    assert f"finding: quarantine.sale_lines, file {file.path}: it holds 2 rows, Delta's log says 1" in findings(root)


def test_a_foreign_commit_keeps_the_books_open_until_it_is_accepted(root: Path) -> None:
    DeltaTable(root / "ops/superseded").update(updates={"line_count": "2"})
    asked = ask(root)
    assert asked.exit_code == 3
    assert "finding: ops.superseded, version 1: UPDATE by delta-rs" in asked.output
    accepted = ask(root, "--accept", "ops.superseded:1", "--because", "counted by hand")
    assert accepted.exit_code == 0
    assert json.loads((root / "ops/accepted.jsonl").read_text())["because"] == "counted by hand"
