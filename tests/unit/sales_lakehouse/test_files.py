"""Small files under a full disk, a read-only folder and missing rights; lines of writers that died over them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sales_lakehouse.errors import StorageError
from sales_lakehouse.files import append_line, publish, read_json, read_lines, write_json
from sales_lakehouse.landing import LandingStore, Manifest, land_source
from sales_lakehouse.lease import hold
from sales_lakehouse.run import Run
from tests.conftest import PIPELINES
from tests.small_disk import SmallDisk, small_disk

AS_NOBODY = """
import os, sys
from pathlib import Path
from sales_lakehouse.errors import LakehouseError
from sales_lakehouse.landing import LandingStore, Manifest
from sales_lakehouse.lease import hold
os.setuid(65534)
for attempt in (
    lambda: LandingStore(Path(sys.argv[1]) / "landing").put(b"a", Manifest("s", "a.csv", "2011-01-05T06:00:00Z")),
    lambda: hold({"lakehouse_root": sys.argv[1]}, "r1", {}),
):
    try:
        attempt()
    except LakehouseError as error:
        print(error)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    yield from small_disk(tmp_path)


def test_a_full_disk_is_named_and_what_was_there_stays(disk: SmallDisk) -> None:
    path = disk.folder / "ops/chain.json"
    write_json(path, {"version": 1})
    disk.fill()
    with pytest.raises(
        StorageError, match=r"ops/chain\.json: No space left on device; .*nothing was promoted half; make"
    ):
        publish(path, b"x" * 5000)
    assert read_json(path) == {"version": 1}
    assert [each.name for each in path.parent.iterdir()] == ["chain.json"], "no draft stays"
    disk.free()
    write_json(path, {"version": 2})
    assert read_json(path) == {"version": 2}


def test_a_line_is_added_whole_or_not_at_all(disk: SmallDisk) -> None:
    path = disk.folder / "readings.jsonl"
    append_line(path, {"n": 1})
    disk.fill()
    with pytest.raises(StorageError, match=r"readings\.jsonl: No space left on device; "):
        append_line(path, {"n": "x" * 5000})
    assert read_lines(path) == [{"n": 1}]
    disk.free()
    append_line(path, {"n": 2})
    assert read_lines(path) == [{"n": 1}, {"n": 2}]


def test_a_line_that_a_dying_writer_left_half_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "readings.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": ')
    assert read_lines(path) == [{"n": 1}]
    append_line(path, {"n": 2})
    assert path.read_bytes() == b'{"n": 1}\n{"n": 2}\n'


def test_a_unit_that_found_no_room_lands_when_there_is_some(disk: SmallDisk) -> None:
    store, manifest = LandingStore(disk.folder / "landing"), Manifest("shop", "page 1", "2011-01-05T06:00:00Z")
    disk.fill()
    with pytest.raises(StorageError, match="No space left on device"):
        store.put(b"x" * 50_000, manifest)
    assert store.manifests("shop") == []
    disk.free()
    assert store.put(b"x" * 50_000, manifest)
    assert len(store.manifests("shop")) == 1


def test_a_read_only_lakehouse_is_refused_at_the_start_and_taken_when_it_can_be_written(disk: SmallDisk) -> None:
    disk.read_only()
    with pytest.raises(
        Exception, match=r"ops/lease: the lease cannot be written: .*Read-only file system.*; nothing was"
    ):
        hold({"lakehouse_root": str(disk.folder)}, "r1", {})
    disk.free()
    held = hold({"lakehouse_root": str(disk.folder)}, "r1", {})
    assert held is not None
    held.release()


def test_a_lease_is_given_back_also_where_the_disk_has_filled_up(disk: SmallDisk) -> None:
    held = hold({"lakehouse_root": str(disk.folder)}, "r1", {})
    assert held is not None
    disk.fill()
    held.release()
    disk.free()
    again = hold({"lakehouse_root": str(disk.folder)}, "r2", {})
    assert again is not None
    again.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write")
def test_missing_rights_are_named(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)  # so that nobody may come as far as here
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, str(tmp_path)], capture_output=True, text=True, check=False)
    landing, lease = done.stdout.splitlines()
    assert f"{tmp_path}/landing/s/" in landing
    assert "Permission denied" in landing
    assert f"{tmp_path}/ops/lease: the lease cannot be written: " in lease
    assert "Permission denied" in lease


def test_a_file_that_lands_after_the_clock_went_back_a_day_is_still_the_later_one(tmp_path: Path) -> None:
    places = {"lakehouse_root": str(tmp_path), "inbox_root": str(tmp_path / "inbox"), "pipelines_root": str(PIPELINES)}
    run = Run.of({"run_id": "r1", **places})
    (tmp_path / "inbox/gift_partner").mkdir(parents=True)
    store = LandingStore(run.landing_root)
    tomorrow = "2999-01-01T06:00:00.000000+00:00"
    first = store.put(b"first", Manifest("gift_partner", "2011-01-05.csv", tomorrow, business_date="2011-01-05"))
    (tmp_path / "inbox/gift_partner/2011-01-05.csv").write_bytes(b"second")
    landed = land_source(run, run.pipelines.source("gift_partner"))
    assert [unit.corrects for unit in landed.new] == [first.unit_id if first else None]
    assert [unit.received_at for unit in landed.new] == ["2999-01-01T06:00:00.000001+00:00"]
