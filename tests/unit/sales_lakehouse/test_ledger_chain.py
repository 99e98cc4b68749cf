"""A commit that is not ours, or a log that lost an entry, is found by its table and version."""

import json
import os
import random
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from sales_lakehouse.errors import BooksError, ParameterError
from sales_lakehouse.ledger import Answer, accept_commit, explain_foreign, foreign_commits, look_at_chain
from tests.small_lakehouse import build, signed

SEEDS = range(100 if os.environ.get("TORTURE") else 20)
KEYS = {"silver.sale_lines": "order_id", "gold.daily_sales": "source", "bronze.gift_partner": "_kind"}
KEYS |= {"quarantine.sale_lines": "order_id", "ops.units": "name", "ops.balances": "disposition"}
ANSWER = Answer("ada", "2026-01-01T00:00:00+00:00", "agreed")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a lakehouse after two runs, its chains looked at."""
    root = tmp_path_factory.mktemp("finished")
    build(root)
    assert foreign_commits(root) == []
    return root


@pytest.fixture
def root(finished: Path, tmp_path: Path) -> Path:
    """Give a copy to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "lakehouse"))


def table_of(root: Path, name: str) -> DeltaTable:
    return DeltaTable(root / name.replace(".", "/"))


def delete_one(table: DeltaTable, column: str, chance: random.Random) -> None:
    table.delete(f"{column} = '{one_value(table, column, chance)}'")


def append_double(table: DeltaTable, column: str, chance: random.Random) -> None:
    rows = table.to_pyarrow_table()
    write_deltalake(table.table_uri, rows.slice(chance.randrange(rows.num_rows), 1), mode="append")


def update_one(table: DeltaTable, column: str, chance: random.Random) -> None:
    value = one_value(table, column, chance)
    table.update(updates={column: "'altered'"}, predicate=f"{column} = '{value}'")


def one_value(table: DeltaTable, column: str, chance: random.Random) -> str:
    return str(chance.choice(sorted(set(table.to_pyarrow_table()[column].to_pylist()))))


CHANGES: list[Callable[[DeltaTable, str, random.Random], None]] = [delete_one, append_double, update_one]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_commit_of_somebody_else_stops_the_plan_and_is_named(root: Path, seed: int) -> None:
    chance = random.Random(seed)
    name = chance.choice(sorted(KEYS))
    table = table_of(root, name)
    version = table.version() + 1
    chance.choice(CHANGES)(table, KEYS[name], chance)

    found = foreign_commits(root)
    assert [(one.table, one.version, one.engine.split(":")[0]) for one in found] == [(name, version, "delta-rs")]
    assert explain_foreign(found, str(root)).startswith(f"{name}, version {version}: {found[0].operation} by delta-rs")
    assert foreign_commits(root) == found, "a second look must not forget it"


def test_commits_of_ours_are_no_finding_and_move_the_last_good_version(root: Path) -> None:
    before = json.loads((root / "ops/chain.json").read_text())["silver.sale_lines"]["version"]
    table_of(root, "silver.sale_lines").delete("order_id = '540012'", commit_properties=signed("r3"))
    assert foreign_commits(root) == []
    assert json.loads((root / "ops/chain.json").read_text())["silver.sale_lines"]["version"] == before + 1


def test_the_command_that_the_message_gives_brings_the_table_back(root: Path) -> None:
    whole = table_of(root, "silver.sale_lines").to_pyarrow_table()
    table_of(root, "silver.sale_lines").delete("order_id = '540012'")
    table_of(root, "silver.sale_lines").delete("order_id = '540001'")
    told = explain_foreign(foreign_commits(root), str(root))
    command = shlex.split(told.split("`")[3])
    assert command[0] == ".venv/bin/python"
    subprocess.run([sys.executable, *command[1:]], check=True)

    assert foreign_commits(root) == []
    back = table_of(root, "silver.sale_lines").to_pyarrow_table()
    assert back.sort_by("order_id").equals(whole.sort_by("order_id"))


def test_no_way_back_is_offered_once_commits_of_ours_followed(root: Path) -> None:
    table_of(root, "silver.sale_lines").delete("order_id = '540012'")
    table_of(root, "silver.sale_lines").delete("order_id = '540001'", commit_properties=signed("r3"))
    (found,) = foreign_commits(root)
    assert found.ours_after
    assert ".restore(" not in explain_foreign([found], str(root))


def test_an_accepted_commit_belongs_to_the_chain_and_says_who_answers(root: Path) -> None:
    table_of(root, "silver.sale_lines").delete("order_id = '540012'")
    table_of(root, "silver.sale_lines").delete("order_id = '540001'")
    judged = root / "ops/judged.json"
    judged.write_text('{"sale_lines": "rules", "products": "rules"}')
    first, second = foreign_commits(root)
    assert first.table == second.table == "silver.sale_lines"
    accept_commit(root, first.table, first.version, ANSWER)
    assert [*json.loads(judged.read_text())] == ["products"], "no gate saw what others wrote"
    assert foreign_commits(root)[0].version == second.version
    accept_commit(root, second.table, second.version, ANSWER)
    assert foreign_commits(root) == []
    notes = [json.loads(line) for line in (root / "ops/accepted.jsonl").read_text().splitlines()]
    assert [(note["version"], note["accepted_by"], note["because"]) for note in notes] == [
        (first.version, "ada", "agreed"),
        (second.version, "ada", "agreed"),
    ]


def test_only_what_breaks_a_chain_can_be_accepted(root: Path) -> None:
    with pytest.raises(ParameterError, match=r"gold.daily_sales:0 breaks no chain, .*; every commit is ours"):
        accept_commit(root, "gold.daily_sales", 0, ANSWER)


def log_of(root: Path, name: str) -> Path:
    return root / name.replace(".", "/") / "_delta_log"


def drop_middle(root: Path) -> None:
    (log_of(root, "silver.sale_lines") / f"{0:020}.json").unlink()


def drop_last(root: Path) -> None:
    (log_of(root, "silver.sale_lines") / f"{1:020}.json").unlink()


def drop_table(root: Path) -> None:
    shutil.rmtree(root / "silver/sale_lines")


def rewrite_entry(root: Path) -> None:
    entry = log_of(root, "silver.sale_lines") / f"{1:020}.json"
    entry.write_text(entry.read_text().replace('"mode":"Overwrite"', '"mode":"Append"'))


LOSSES = [
    (drop_last, "silver.sale_lines, version 0: its versions 1 to 1 are gone"),
    (drop_table, "silver.sale_lines, version 1: its folder or its whole log is gone"),
    (rewrite_entry, "silver.sale_lines, version 1: its log entry was rewritten"),
]


@pytest.mark.parametrize(("lose", "told"), LOSSES, ids=["newest version", "table", "other text"])
def test_a_log_that_lost_something_is_found_until_somebody_answers(
    root: Path, lose: Callable[[Path], None], told: str
) -> None:
    lose(root)
    (found,) = foreign_commits(root)
    assert found.in_words() == told
    assert "from a copy" in explain_foreign([found], str(root))
    assert foreign_commits(root) == [found]
    accept_commit(root, found.table, found.version, ANSWER)
    assert foreign_commits(root) == []


def test_nobody_can_answer_for_a_gap_in_a_log(root: Path) -> None:
    drop_middle(root)
    (found,) = foreign_commits(root)
    assert found.in_words() == "silver.sale_lines, version 0: its log entry was removed"
    with pytest.raises(BooksError, match="nobody can read the table; bring its folder back from a copy"):
        accept_commit(root, found.table, found.version, ANSWER)
    assert foreign_commits(root) == [found]


def test_entries_that_delta_cleans_away_below_a_checkpoint_are_not_missed(root: Path) -> None:
    table_of(root, "silver.sale_lines").create_checkpoint()
    drop_middle(root)
    assert foreign_commits(root) == []


def test_a_table_from_before_the_signatures_is_taken_as_it_stands_once(tmp_path: Path) -> None:
    table = tmp_path / "silver/old"
    for _ in range(2):
        write_deltalake(table, pa.table({"a": [1]}), mode="append")
    (link,) = look_at_chain(tmp_path)
    assert (link.adopted, link.breaks) == (1, ())
    assert foreign_commits(tmp_path) == []
    write_deltalake(table, pa.table({"a": [2]}), mode="append")
    assert [one.version for one in foreign_commits(tmp_path)] == [2]


def test_a_commit_after_our_first_one_is_foreign_at_the_first_look(tmp_path: Path) -> None:
    table = tmp_path / "silver/new"
    write_deltalake(table, pa.table({"a": [1]}), commit_properties=signed("r1"))
    write_deltalake(table, pa.table({"a": [2]}), mode="append")
    assert [(one.version, one.good) for one in foreign_commits(tmp_path)] == [(1, 0)]
