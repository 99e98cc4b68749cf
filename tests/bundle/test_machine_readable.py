"""What real runs leave for programs: valid, complete, one end for each start."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from jsonschema import Draft202012Validator

from bundle_runner.record.schema import record_schema
from bundle_runner.run.execute import Run
from tests.bundle.small_bundle import SmallBundle, states, task
from tests.unit.bundle_runner.lineage_rules import lines_of, types_by_run, unsound


def folder_of(bundle: SmallBundle, run_id: str) -> Path:
    return bundle.folder / ".state/runs" / run_id


def test_a_run_of_every_kind_of_end_is_told_completely(bundle: SmallBundle) -> None:
    good = bundle.notebook("good", "x = 1")
    odd = bundle.notebook("odd", "assert item != '2', 'two'", parameters="item = ''")
    loop = {
        "inputs": "[1, 2, 1]",
        "concurrency": 2,
        "task": {
            "task_key": "one",
            "notebook_task": {"notebook_path": odd, "base_parameters": {"item": "{{input}}"}},
            "max_retries": 1,
        },
    }
    bundle.job(
        task("good", good),
        {"task_key": "loop", "depends_on": [{"task_key": "good"}], "for_each_task": loop},
        {"task_key": "is_one", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "2"}},
        {**task("left_out", good), "depends_on": [{"task_key": "is_one", "outcome": "true"}]},
        task("held", good, "loop"),
        task("off", good, disabled=True),
        task("after", good, "held", run_if="ALL_DONE"),
    )
    record = bundle.run()
    folder = folder_of(bundle, record.run_id)
    Draft202012Validator(record_schema()).validate(json.loads((folder / "run.json").read_text()))
    types = types_by_run(folder)
    assert unsound(types) == {}
    assert {name.split("#")[0]: told[1] for name, told in types.items() if "[]" not in name} == {
        "main": "COMPLETE",
        "main.good": "COMPLETE",
        "main.is_one": "COMPLETE",
        "main.loop": "FAIL",
        "main.after": "COMPLETE",
    }
    assert sorted(told[1] for name, told in types.items() if "[]" in name) == ["COMPLETE", "COMPLETE", "FAIL"]
    happened = [(line["happened"], line["task_key"], line["attempt"]) for line in lines_of(folder / "events.jsonl")]
    assert len(happened) == len({*happened}), "nothing is told twice"
    assert ("attempt_started", "loop[1]", 2) in happened
    assert states(record)["held"] == "UPSTREAM_FAILED"
    assert len(lines_of(folder / "emf.jsonl")) == 1 + 4
    assert "UPSTREAM_FAILED" in (folder / "index.html").read_text()


def test_a_canceled_run_is_aborted_and_its_repair_is_told_apart(bundle: SmallBundle) -> None:
    slow = bundle.notebook("slow", "import time\nfrom pathlib import Path", "Path('on').touch()\ntime.sleep(600)")
    bundle.job(task("slow", slow), task("after", slow, "slow"))
    run = Run(bundle.plan(), bundle.watcher)
    threading.Thread(target=_interrupt_when_on, args=(run, bundle.folder / "on")).start()
    record = run.execute()
    folder = folder_of(bundle, record.run_id)
    assert types_by_run(folder) == {"main#0": ["START", "ABORT"], "main.slow#0": ["START", "ABORT"]}
    bundle.notebook("slow", "x = 1")
    bundle.repair(record)
    types = types_by_run(folder)
    assert unsound(types) == {}
    assert [types[name][1] for name in ("main#1", "main.slow#1", "main.after#0")] == ["COMPLETE"] * 3


def _interrupt_when_on(run: Run, mark: Path) -> None:
    while not mark.exists():
        time.sleep(0.1)
    run.interrupted.set()
