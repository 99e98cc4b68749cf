"""What guards against death and repetition is taken out, one at a time: the damage is found, or another guard holds.

A process dies right after a commit: what it has not yet done is lost, what is on disk stays. The next run finishes.
TORTURE=1 (make torture) lets it die after every kind of commit, with all guards in place.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from bundle_runner.task import Stop
from sales_lakehouse import books, promotion
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.run import Run
from sales_lakehouse.tables import Lakehouse
from tests.torture.chain import STEPS, apply_landed
from tests.torture.checksums import checksums, differences
from tests.torture.conftest import GATES, TORTURE, Stage, copied, live
from tests.torture.world import FIRST, SECOND

Guard = Callable[[pytest.MonkeyPatch], None]
SILVER, GOLD = ("merge_changes", "silver.sale_lines"), ("replace", "gold.daily_sales")
COMMITS = [
    ("append", "bronze.gift_partner"),
    ("append", "ops.units"),
    ("overwrite", "candidates.sale_lines"),
    ("append", "candidates.sale_lines"),
    ("append", "ops.balances"),
    ("append", "ops.slices"),
    ("merge_changes", "silver.products"),
    SILVER,
    ("overwrite", "ops.pending_references"),
    ("overwrite", "candidates.daily_sales"),
    GOLD,
    ("replace", "gold.customer_features"),
]
pytestmark = pytest.mark.timeout(3600)


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(scope="module")
def expected(stage: Stage) -> dict[str, str]:
    """Say what must come of it."""
    return checksums(stage.quiet)


def die_after(patches: pytest.MonkeyPatch, method: str, table: str) -> None:
    """Let the process die once a table has been written."""
    commit = getattr(Lakehouse, method)

    def last_words(lakehouse: Lakehouse, name: str, *rest: Any, **named: Any) -> None:
        commit(lakehouse, name, *rest, **named)
        if name == table:
            raise Killed(table)

    patches.setattr(Lakehouse, method, last_words)


def dead(root: Path, commit: tuple[str, str], steps: tuple[str, ...], guard: Guard = lambda _: None) -> Path:
    """Let the run die after a commit; return its lakehouse."""
    with pytest.MonkeyPatch.context() as patches:
        die_after(patches, *commit)
        guard(patches)
        with pytest.raises(Killed, match=commit[1]):
            live(root, steps)
    return root


def found_in_next_run(root: Path, expected: dict[str, str], guard: Guard = lambda _: None) -> list[str]:
    """Run until nothing is left to do, and say what differs from an undisturbed run."""
    with pytest.MonkeyPatch.context() as patches:
        guard(patches)
        try:
            assert apply_landed(root, 3)
        except Stop as stopped:
            return [str(stopped)]
    assert not apply_landed(root, 4), "something was left undone"
    return differences(expected, checksums(root))


@pytest.mark.skipif(not TORTURE, reason="make torture runs it")
@pytest.mark.parametrize("commit", COMMITS, ids=" ".join)
def test_the_next_run_finishes_what_a_dead_one_began(
    stage: Stage, expected: dict[str, str], tmp_path: Path, commit: tuple[str, str]
) -> None:
    assert found_in_next_run(dead(copied(stage.landed, tmp_path), commit, STEPS), expected) == []


def test_a_repair_of_the_gate_that_died_while_it_promoted_finishes_it(
    stage: Stage, expected: dict[str, str], tmp_path: Path
) -> None:
    root = dead(copied(stage.judged, tmp_path), SILVER, GATES)
    live(root, GATES)
    assert differences(expected, checksums(root)) == []


def note_no_intent(patches: pytest.MonkeyPatch) -> None:
    patches.setattr(promotion, "write_intent", lambda *_: None)


def note_slices_late(patches: pytest.MonkeyPatch) -> None:
    """Note what gold must rebuild after silver has changed, and write no intent."""
    append, merge, late = Lakehouse.append, Lakehouse.merge_changes, list[tuple[str, DataFrame, str]]()

    def appended(lakehouse: Lakehouse, name: str, rows_df: DataFrame, write_id: str) -> None:
        if "/pending/" in write_id:
            late.append((name, lakehouse.materialize(rows_df), write_id))
        else:
            append(lakehouse, name, rows_df, write_id)

    def merged(lakehouse: Lakehouse, *rest: Any) -> None:
        merge(lakehouse, *rest)
        while late:
            append(lakehouse, *late.pop())

    note_no_intent(patches)
    patches.setattr(Lakehouse, "append", appended)
    patches.setattr(Lakehouse, "merge_changes", merged)


def note_gold_early(patches: pytest.MonkeyPatch) -> None:
    """Note gold's slices as built before they are."""
    build = promotion.promote_gold

    def promoted(lakehouse: Lakehouse, run: Run, dates: dict[str, list[str]]) -> None:
        noted = books.next_note(lakehouse.read("ops.slices"), run, later=0)
        built = [
            books.slices_frame(lakehouse.spark, gold, dates[gold.table], "built", noted)
            for gold in run.pipelines.gold.values()
        ]
        lakehouse.append("ops.slices", reduce(DataFrame.unionByName, built), f"{run.run_id}/built")
        build(lakehouse, run, dates)

    patches.setattr(promotion, "promote_gold", promoted)


def test_gold_that_is_noted_as_built_before_it_is_stays_as_it_was(
    stage: Stage, expected: dict[str, str], tmp_path: Path
) -> None:
    root = dead(copied(stage.judged, tmp_path), GOLD, GATES, note_gold_early)
    assert "gold.product_performance differs" in found_in_next_run(root, expected, note_gold_early)


@pytest.mark.skipif(not TORTURE, reason="make torture runs it")
def test_a_slice_of_gold_that_is_noted_after_silver_has_changed_stays_as_it_was(stage: Stage, tmp_path: Path) -> None:
    """A date that gold has built is looked at again only where it is noted: a corrected file takes a line back."""
    corrected = copied(stage.quiet, tmp_path / "corrected")
    store = LandingStore(corrected / "landing")
    last = [unit for unit in store.manifests("gift_partner") if unit.business_date == FIRST][-1]
    *lines, _ = store.content_path(last).read_bytes().splitlines(keepends=True)
    assert store.put(b"".join(lines), replace(last, received_at="2011-01-31T06:00:00+00:00", unit_id=""))
    right, dying = (copied(corrected, tmp_path / name) for name in ("right", "dying"))
    assert apply_landed(right, 2)
    with pytest.MonkeyPatch.context() as patches:
        die_after(patches, *SILVER)
        note_slices_late(patches)
        with pytest.raises(Killed):
            apply_landed(dying, 2)
    assert "gold.daily_sales differs" in found_in_next_run(dying, checksums(right), note_slices_late)


@pytest.mark.skipif(not TORTURE, reason="make torture runs it")
def test_without_an_intent_a_unit_that_is_not_noted_as_applied_is_judged_once_more(
    stage: Stage, expected: dict[str, str], tmp_path: Path
) -> None:
    """The guard that holds: rows that this very unit published are known as its own (accepted_before)."""
    root = dead(copied(stage.judged, tmp_path), SILVER, GATES, note_no_intent)
    assert found_in_next_run(root, expected, note_no_intent) == []


def test_an_append_that_comes_twice_is_ignored_and_without_its_id_the_books_would_not_close(
    lakehouse: Lakehouse, spark: SparkSession
) -> None:
    """What comes twice is the ghost of a dead attempt; gate_bronze would see each byte twice."""
    rows_df = spark.createDataFrame([("u1", 0, 10)], "_unit_id STRING, _byte_start BIGINT, _byte_length BIGINT")
    for _ in range(2):
        lakehouse.append("bronze.some", rows_df, "digest of u1")
    assert lakehouse.read("bronze.some").count() == 1
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(
            Lakehouse, "append", lambda self, name, rows, _: self._writer(rows, "append").save(self.path(name))
        )
        for _ in range(2):
            lakehouse.append("bronze.other", rows_df, "digest of u1")
    assert lakehouse.read("bronze.other").count() == 2


def test_bytes_that_come_again_are_no_delivery_and_without_their_hash_they_would_be(tmp_path: Path) -> None:
    told = Manifest("gift_partner", f"{FIRST}.csv", f"{SECOND}T06:00:00+00:00", business_date=FIRST)
    store = LandingStore(tmp_path)
    assert store.put(b"InvoiceNo\n1\n", told)
    assert store.put(b"InvoiceNo\n1\n", told) is None
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(LandingStore, "_receive_again", lambda _self, _folder, again: again)
        assert store.put(b"InvoiceNo\n1\n", told), "whoever has no hash takes it for new"
    assert len(store.manifests("gift_partner")) == 1, "the guard that holds: its name is its hash, so it stands once"
