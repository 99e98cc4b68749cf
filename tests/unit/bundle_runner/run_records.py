"""Records of runs, as run.json keeps them, for tests of what is made of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bundle_runner.record.records import FILE, AttemptRecord, RunRecord, TaskRecord
from bundle_runner.states import ResultState

DAY = "2011-01-05T"


def at(clock: str) -> str:
    """Return a moment of the day as run.json writes it."""
    return f"{DAY}{clock}.000Z"


def attempt(number: int = 1, start: str = "00:00:00", end: str = "00:00:02", **rest: Any) -> AttemptRecord:
    """Return an attempt that succeeded."""
    return AttemptRecord(number, at(start), **{"state": ResultState.SUCCESS, "ended_at": at(end), **rest})


def task(key: str, *after: str, start: str = "00:00:00", end: str = "00:00:02", **rest: Any) -> TaskRecord:
    """Return a notebook task that succeeded after others, in one attempt."""
    state = rest.pop("state", ResultState.SUCCESS)
    values = rest.pop("values", {})
    attempts = (attempt(1, start, end, state=state, values=values, html=f"tasks/{key}/attempt_1/{key}.html"),)
    facts = {"attempts": attempts, "started_at": at(start), "ended_at": at(end), "run_if": "ALL_SUCCESS", **rest}
    return TaskRecord(key, "notebook", state, depends_on=dict.fromkeys(after), **facts)


def run(*tasks: TaskRecord, **rest: Any) -> RunRecord:
    """Return a run of these tasks that succeeded."""
    facts: dict[str, Any] = {
        "run_id": "20110105T000000Z-ab12",
        "bundle": "small",
        "target": "local",
        "job": "main",
        "job_name": "main",
        "parameters": {},
        "started_at": at("00:00:00"),
        "ended_at": at("00:01:15"),
        "state": ResultState.SUCCESS,
        "exit_code": 0,
    }
    return RunRecord(**{**facts, **rest, "tasks": tasks})


def keep(record: RunRecord, runs: Path) -> Path:
    """Write a record into its run folder, and return the folder."""
    folder = runs / record.run_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(asdict(record)), encoding="utf-8")
    return folder
