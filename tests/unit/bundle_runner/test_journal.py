"""What a run leaves for programs: each start has exactly one end, whoever died in between."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bundle_runner.errors import UsageError
from bundle_runner.record.journal import Journal, settle_dead_runs
from bundle_runner.record.records import RunRecord, TaskRecord, read_record
from bundle_runner.states import ResultState
from tests.unit.bundle_runner.lineage_rules import lines_of, types_by_run, unsound
from tests.unit.bundle_runner.run_records import at, attempt, run, task

OPEN = run(TaskRecord("a", "notebook"), TaskRecord("loop", "for_each"), state=None, ended_at=None, exit_code=None)


def started(key: str, **rest: Any) -> TaskRecord:
    return TaskRecord(key, "notebook", started_at=at("00:00:01"), **rest)


def ended(key: str, state: ResultState = ResultState.SUCCESS, **rest: Any) -> TaskRecord:
    return replace(started(key, **rest), state=state, ended_at=at("00:00:05"))


def folder_in(tmp_path: Path, record: RunRecord = OPEN) -> Path:
    folder = tmp_path / record.run_id
    folder.mkdir(parents=True)
    return folder


def told(folder: Path) -> list[tuple[str, str | None]]:
    return [(line["happened"], line["task_key"]) for line in lines_of(folder / "events.jsonl")]


def play(journal: Journal) -> RunRecord:
    """Run a task in two attempts and a loop whose iterations have the same input, one of which fails."""
    first = attempt(1, state=ResultState.FAILED, message="no")
    journal.put(started("a"))
    journal.put(started("a", attempts=(replace(first, state=None, ended_at=None),)))
    journal.put(started("a", attempts=(first,)))
    journal.put(ended("a", attempts=(first, attempt(2, values={"records": 7}))))
    journal.put(started("loop"))
    journal.put(started("loop", iterations=(started("loop[x]"), TaskRecord("loop[x]", "notebook"))))
    bad = ended("loop[x]", ResultState.FAILED, message="broke")
    journal.put(started("loop", iterations=(ended("loop[x]"), bad)))
    journal.put(ended("loop", ResultState.FAILED, iterations=(ended("loop[x]"), bad), message="1 of 2"))
    journal.warn("slow")
    return journal.close(state=ResultState.FAILED, ended_at=at("00:01:00"), exit_code=1)


def test_everything_that_happens_is_told_once_in_order(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    record = play(Journal(folder, OPEN))
    assert told(folder) == [
        ("run_started", None),
        ("task_started", "a"),
        ("attempt_started", "a"),
        ("attempt_ended", "a"),
        ("attempt_started", "a"),
        ("attempt_ended", "a"),
        ("task_ended", "a"),
        ("task_started", "loop"),
        ("task_started", "loop[0]"),
        ("task_started", "loop[1]"),
        ("task_ended", "loop[1]"),
        ("task_ended", "loop[0]"),
        ("task_ended", "loop"),
        ("warned", None),
        ("run_ended", None),
    ]
    assert read_record(folder) == record


def test_lineage_has_one_start_and_one_end_for_each(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    play(Journal(folder, OPEN))
    types = types_by_run(folder)
    assert types == {
        "main#0": ["START", "FAIL"],
        "main.a#0": ["START", "COMPLETE"],
        "main.loop#0": ["START", "FAIL"],
        "main.loop[]#0": ["START", "COMPLETE"],
        "main.loop[]#1": ["START", "FAIL"],
    }
    by_id = {event["run"]["runId"]: event for event in lines_of(folder / "openlineage.jsonl")}
    broken = next(
        event for event in by_id.values() if event["job"]["name"] == "main.loop[]" and event["eventType"] == "FAIL"
    )
    assert broken["run"]["facets"]["errorMessage"]["message"] == "broke"
    parent = by_id[broken["run"]["facets"]["parent"]["run"]["runId"]]
    assert parent["job"]["name"] == "main.loop"
    assert by_id[parent["run"]["facets"]["parent"]["run"]["runId"]]["job"]["name"] == "main"


def test_lineage_tells_versions_and_what_was_judged(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    journal = Journal(folder, OPEN)
    journal.put(started("a"))
    rule = {"table": "silver.s", "rule": "r", "severity": "stop", "ok": False}
    uses = [{"table": "bronze.b", "read": 4, "written": None}, {"table": "silver.s", "read": None, "written": 0}]
    journal.put(ended("a", attempts=(attempt(values={"tables": uses, "gates": [rule]}),)))
    end = lines_of(folder / "openlineage.jsonl")[-1]
    assert [(one["name"], one["facets"].get("version", {}).get("datasetVersion")) for one in end["inputs"]] == [
        ("bronze.b", "4"),
        ("silver.s", None),
    ]
    assert end["inputs"][1]["inputFacets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "r", "success": False}
    ]
    assert [(one["name"], one["facets"]["version"]["datasetVersion"]) for one in end["outputs"]] == [("silver.s", "0")]


def test_a_repair_is_a_run_of_its_own(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    record = play(Journal(folder, OPEN))
    again = replace(record, state=None, ended_at=None, repair_count=1, repaired_at=at("01:00:00"))
    loop = TaskRecord("loop", "for_each", attempts=record.tasks[1].attempts)
    journal = Journal(folder, replace(again, tasks=(record.tasks[0], loop)))
    journal.put(started("loop"))
    journal.put(ended("loop"))
    journal.close(state=ResultState.SUCCESS, ended_at=at("01:00:09"), exit_code=0)
    types = types_by_run(folder)
    assert (types["main#1"], types["main.loop#1"]) == (["START", "COMPLETE"], ["START", "COMPLETE"])
    assert "main.a#1" not in types, "what stays as it is has not run again"
    assert unsound(types) == {}


DIES = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from bundle_runner.record.journal import Journal
from tests.unit.bundle_runner.test_journal import OPEN, ended, started
journal = Journal(Path({folder!r}), OPEN)
journal.put(started("a"))
journal.put(ended("a"))
journal.put(started("loop", iterations=(started("loop[x]"), ended("loop[y]"))))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def corpse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leave the folder of a run whose runner was killed."""
    folder = folder_in(tmp_path_factory.mktemp("dead"))
    script = DIES.format(root=str(Path(__file__).parents[3]), folder=str(folder))
    died = subprocess.run([sys.executable, "-c", script], check=False)
    assert died.returncode == -9
    return folder


def test_a_dead_run_gets_its_ends_when_the_next_command_notices(corpse: Path, tmp_path: Path) -> None:
    folder = tmp_path / corpse.name
    shutil.copytree(corpse, folder)
    assert settle_dead_runs(tmp_path) == [folder]
    types = types_by_run(folder)
    assert types == {
        "main#0": ["START", "ABORT"],
        "main.a#0": ["START", "COMPLETE"],
        "main.loop#0": ["START", "ABORT"],
        "main.loop[]#0": ["START", "ABORT"],
        "main.loop[]#1": ["START", "COMPLETE"],
    }
    assert lines_of(folder / "openlineage.jsonl")[-1]["run"]["facets"]["errorMessage"]["message"] == "its runner died"
    assert read_record(folder).state is None, "a repair goes on from it"
    assert settle_dead_runs(tmp_path) == [], "the end is told once"


def test_a_repair_of_a_dead_run_tells_its_end_before_its_own_start(corpse: Path, tmp_path: Path) -> None:
    folder = tmp_path / corpse.name
    shutil.copytree(corpse, folder)
    journal = Journal(folder, replace(read_record(folder), repair_count=1, repaired_at=at("01:00:00")))
    journal.close(state=ResultState.SUCCESS, ended_at=at("01:00:09"), exit_code=0)
    types = types_by_run(folder)
    assert (types["main#0"], types["main#1"]) == (["START", "ABORT"], ["START", "COMPLETE"])
    assert unsound(types) == {}


def test_whatever_the_dying_runner_could_not_write_each_start_has_one_end(corpse: Path, tmp_path: Path) -> None:
    events, lineage = ((corpse / name).read_bytes() for name in ("events.jsonl", "openlineage.jsonl"))
    cuts = [(len(events), cut) for cut in range(0, len(lineage), 97)]
    # Lineage is written after the events that it tells, so where those are cut off it lacks at least as much.
    cuts += [(cut, 0) for cut in range(1, len(events), 53)]
    assert len(cuts) > 50
    for i, (of_events, of_lineage) in enumerate(cuts):
        folder = tmp_path / str(i)
        shutil.copytree(corpse, folder)
        (folder / "events.jsonl").write_bytes(events[:of_events])
        (folder / "openlineage.jsonl").write_bytes(lineage[:of_lineage])
        if settle_dead_runs(tmp_path):
            assert unsound(types_by_run(folder)) == {}, (of_events, of_lineage)
        else:
            assert b"run_started" not in events[:of_events].split(b"\n")[0] or b"\n" not in events[:of_events]
        shutil.rmtree(folder)


def test_a_living_run_is_left_alone(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    journal = Journal(folder, OPEN)
    assert settle_dead_runs(tmp_path) == []
    with pytest.raises(UsageError, match="is still under way in another process; nothing was started"):
        Journal(folder, OPEN)
    assert told(folder) == [("run_started", None)]
    journal.close(state=ResultState.SUCCESS, ended_at=at("00:01:00"), exit_code=0)


@pytest.fixture
def collector() -> Iterator[Callable[[int, float], tuple[str, list[dict[str, Any]]]]]:
    """Give servers on loopback that note what is posted, and answer with a status after a while."""
    servers = []

    def serve(status: int, after: float) -> tuple[str, list[dict[str, Any]]]:
        got: list[dict[str, Any]] = []

        class Note(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                time.sleep(after)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Note)
        server.daemon_threads, server.block_on_close = True, False
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/api/v1/lineage?key=hidden", got

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_lineage_is_sent_as_it_stands_in_the_file(collector: Any, tmp_path: Path) -> None:
    url, got = collector(201, 0)
    folder = folder_in(tmp_path)
    record = play(Journal(folder, OPEN, url))
    assert got == lines_of(folder / "openlineage.jsonl")
    assert record.warnings == ("slow",)


TROUBLES = {
    "refused": (
        500,
        0.0,
        r"10 of 10 OpenLineage events did not reach http://127.0.0.1:\d+/api/v1/lineage: HTTPStatusError",
    ),
    "slow": (200, 30.0, r"10 of 10 .*: it took longer than|10 of 10 .*: ReadTimeout"),
}


@pytest.mark.parametrize(("status", "after", "message"), TROUBLES.values(), ids=TROUBLES.keys())
def test_trouble_with_the_address_is_a_warning_and_takes_bounded_time(
    collector: Any, tmp_path: Path, status: int, after: float, message: str
) -> None:
    url, _ = collector(status, after)
    folder = folder_in(tmp_path)
    begun = time.monotonic()
    record = play(Journal(folder, OPEN, url))
    assert time.monotonic() - begun < 8
    assert (record.state, record.exit_code) == (ResultState.FAILED, 1)
    assert len(lines_of(folder / "openlineage.jsonl")) == 10
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(record.warnings[-1])
    assert "hidden" not in record.warnings[-1]


def test_the_figures_are_lines_that_cloudwatch_reads(tmp_path: Path) -> None:
    flow = [{"from": "shop", "to": "kept", "count": 9}, {"from": "kept", "to": "new", "count": 9}]
    rule = {"table": "t", "rule": "r", "severity": "stop", "ok": False}
    done = task("a", values={"records": 9, "flow": flow, "gates": [rule]})
    folder = folder_in(tmp_path)
    journal = Journal(folder, OPEN)
    journal.put(done)
    journal.close(state=ResultState.SUCCESS, ended_at=at("00:01:15"), exit_code=0)
    whole, of_task = lines_of(folder / "emf.jsonl")
    about = whole.pop("_aws")
    assert about["Timestamp"] == 1294185675000
    (told,) = about["CloudWatchMetrics"]
    assert (told["Namespace"], told["Dimensions"]) == ("BundleRunner", [["bundle", "target", "job"]])
    assert all(metric["Name"] in whole for metric in told["Metrics"])
    figures = {name: whole[name] for name in ("seconds", "failed_tasks", "rules", "broken_rules", "records_found")}
    assert figures == {"seconds": 75.0, "failed_tasks": 0, "rules": 1, "broken_rules": 1, "records_found": 9}
    assert (of_task["task"], of_task["records"], of_task["seconds"]) == ("a", 9, 2.0)
