"""The lease of a lakehouse in a folder: one holder at a time, whoever dies and whatever the clocks say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sales_lakehouse.errors import LeaseHeldError, LeaseLostError, StoreError
from sales_lakehouse.lease import POSSESSION, hold, writing
from sales_lakehouse.lease.folder import FolderStore
from sales_lakehouse.lease.holder import Holder
from sales_lakehouse.lease.take import Clock, newest, take
from tests.leases import NOON, Time, elsewhere, put

DIES_HOLDING = """
import os, signal, sys
from sales_lakehouse.lease.stores import store_at
from sales_lakehouse.lease.take import Clock, take
take(store_at(sys.argv[1]), "dead", Clock())
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "lakehouse")


@pytest.fixture
def store(root: str) -> FolderStore:
    return FolderStore(Path(root))


def die_holding(root: str) -> None:
    done = subprocess.run([sys.executable, "-c", DIES_HOLDING, root], check=False)
    assert done.returncode == -9


def test_a_second_run_is_told_who_holds_the_lease(store: FolderStore) -> None:
    take(store, "first", Time().clock)
    told = rf"run first \(process {os.getpid()} on .*, since 2026-11-26 12:00:00Z, renewed .*\) holds the lease of .*; nothing was written; run it"
    with pytest.raises(LeaseHeldError, match=told) as error:
        take(store, "second", Time().clock)
    assert error.value.exit_code == 4


def test_a_lease_that_was_given_back_is_free(store: FolderStore) -> None:
    take(store, "first", Time().clock).release(NOON)
    assert take(store, "second", Time().clock).number == 2
    assert store.numbers() == [2]


def test_of_many_starts_at_once_exactly_one_holds_the_lease(store: FolderStore) -> None:
    def start(name: int) -> bool:
        try:
            take(store, f"run {name}", Clock())
        except LeaseHeldError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(start, range(200))) == 1


def test_a_slow_writer_that_takes_a_number_again_does_not_hold(store: FolderStore) -> None:
    class Slow(FolderStore):
        """Others take the lease, give it back and clear what was below, just before this one's create."""

        def create(self, number: int, content: bytes) -> bool:
            for name in ("second", "third"):
                take(FolderStore(self.root), name, Clock()).release(NOON)
            take(FolderStore(self.root), "fourth", Clock())
            return super().create(number, content)

    take(store, "first", Clock()).release(NOON)
    with pytest.raises(LeaseHeldError, match=r"^run fourth "):
        take(Slow(store.root), "slow", Clock())


def test_a_create_whose_answer_was_lost_holds(store: FolderStore) -> None:
    class Lossy(FolderStore):
        def create(self, number: int, content: bytes) -> bool:
            return super().create(number, content) and super().create(number, content)

    assert take(Lossy(store.root), "first", Clock()).is_ours()


def test_the_lease_of_a_killed_run_is_taken_over_at_once(root: str, store: FolderStore) -> None:
    die_holding(root)
    time_ = Time()
    assert take(store, "next", time_.clock).number == 2
    assert time_.slept == []


def test_a_pid_that_another_process_has_now_is_a_dead_holder(store: FolderStore) -> None:
    put(store, 1, replace(Holder.here("old", NOON), process="1"))
    assert take(store, "next", Time().clock).number == 2


def test_a_living_holder_of_this_machine_keeps_its_lease_whatever_its_clock_said(store: FolderStore) -> None:
    put(store, 1, Holder.here("old", NOON - timedelta(days=1)))
    with pytest.raises(LeaseHeldError, match="run old "):
        take(store, "next", Time().clock)


@pytest.mark.parametrize("days", [-1, 1], ids=["clock went on", "clock went back a day"])
def test_a_silent_holder_elsewhere_is_watched_before_its_lease_is_taken(store: FolderStore, days: int) -> None:
    put(store, 1, elsewhere("old", NOON + timedelta(days=days)))
    time_ = Time()
    assert take(store, "next", time_.clock).number == 2
    assert time_.slept == [30]


def test_a_holder_elsewhere_that_renews_while_it_is_watched_keeps_its_lease(store: FolderStore) -> None:
    holder = elsewhere("old", NOON - timedelta(days=1))
    put(store, 1, holder)
    renews = Time(meanwhile=lambda: store.write(1, holder.renewed_at(NOON - timedelta(hours=23)).written()))
    with pytest.raises(LeaseHeldError, match=r"run old \(process 4711 on other-host"):
        take(store, "next", renews.clock)


def test_a_holder_elsewhere_that_renewed_just_now_is_not_waited_for(store: FolderStore) -> None:
    put(store, 1, elsewhere("old", NOON - timedelta(seconds=50)))
    time_ = Time()
    with pytest.raises(LeaseHeldError, match="run old "):
        take(store, "next", time_.clock)
    assert time_.slept == []


def test_an_entry_that_nobody_can_read_is_watched_and_taken_over(store: FolderStore) -> None:
    assert store.create(7, b'{"run_id": "ol')
    time_ = Time()
    assert take(store, "next", time_.clock).number == 8
    assert time_.slept == [30]


@pytest.mark.parametrize("kind", ["killed here", "silent elsewhere"])
def test_twenty_stale_leases_are_taken_over(root: str, store: FolderStore, kind: str) -> None:
    time_ = Time()
    for turn in range(10):
        if kind == "killed here":
            die_holding(root)
        else:
            put(store, max([0, *store.numbers()]) + 1, elsewhere("dead", NOON - timedelta(hours=1)))
        take(store, f"next {turn}", time_.clock).release(NOON)
    entry = newest(store)
    assert entry is not None
    assert entry.holder is not None
    assert (entry.number, entry.holder.run_id, entry.holder.released) == (20, "next 9", True)


def test_the_runs_tasks_share_its_lease_and_others_are_kept_out(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = hold({"lakehouse_root": root}, "r1", {})
    assert held is not None
    with pytest.raises(LeaseHeldError, match="run r1 "), writing(root, "alone-2026"):
        pass
    monkeypatch.setenv(POSSESSION, held.environment[POSSESSION])
    with writing(root, "another name of the same run"):
        pass
    held.release()


def test_a_writer_that_lost_its_lease_does_not_commit(
    root: str, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold({"lakehouse_root": root}, "r1", {})
    assert held is not None
    monkeypatch.setenv(POSSESSION, held.environment[POSSESSION])
    put(store, 2, elsewhere("r2", NOON))
    committed = []
    told = r"no longer its own: run r2 \(.*\) has it since.*; nothing was committed"
    with pytest.raises(LeaseLostError, match=told), writing(root, "r1"):
        committed.append("no")
    held.release()
    assert committed == []
    assert json.loads(store.read(2) or b"")["released"] is False, "it is not this run's to give back"

    store.write(2, replace(elsewhere("r2", NOON), released=True).written())
    with pytest.raises(LeaseLostError, match=r"run r2 \(.*\) had it since"), writing(root, "r1"):
        pass


def test_a_lone_writer_holds_the_lease_for_its_commit_alone(root: str, store: FolderStore) -> None:
    with writing(root, "alone"), pytest.raises(LeaseHeldError, match="run alone "):
        take(store, "r1", Clock())
    take(store, "r1", Clock())


def test_a_run_renews_its_lease_and_gives_it_back(root: str, store: FolderStore) -> None:
    held = hold({"lakehouse_root": root}, "r1", {}, Clock(renew=0.02))
    assert held is not None
    first = store.read(1)
    deadline = time.monotonic() + 10
    while store.read(1) == first and time.monotonic() < deadline:
        time.sleep(0.02)
    assert store.read(1) != first
    held.release()
    entry = newest(store)
    assert entry is not None
    assert entry.is_free


def test_a_job_without_a_lakehouse_and_one_under_its_callers_lease_take_none(root: str, store: FolderStore) -> None:
    assert hold({"day": "2011-01-05"}, "r1", {}) is None
    held = hold({"lakehouse_root": root}, "outer", {})
    assert held is not None
    assert hold({"lakehouse_root": f"{root}/"}, "inner", held.environment) is None
    assert hold({"lakehouse_root": f"{root}-2"}, "inner", held.environment) is not None
    held.release()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match=r"file/ops/lease: the lease cannot be written: .*Not a directory.*; nothing"):
        hold({"lakehouse_root": str(tmp_path / "file")}, "r1", {})
