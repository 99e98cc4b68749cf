"""What a real run tells those who are to hear of it."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.bundle.small_bundle import SmallBundle, states, task

EVERYTHING = ("on_start", "on_success", "on_failure", "on_duration_warning_threshold_exceeded")


def _all(name: str) -> dict[str, list[str]]:
    return {event: [f"{name}@example.com"] for event in EVERYTHING}


def _told(bundle: SmallBundle, run_id: str) -> list[tuple[Any, ...]]:
    lines = (bundle.folder / ".state/runs" / run_id / "notifications.jsonl").read_text().splitlines()
    return [(line["to"].partition("@")[0], line["event"], line.get("state")) for line in map(json.loads, lines)]


def test_a_run_tells_of_itself_and_of_its_tasks_and_does_not_fail_where_it_cannot(
    bundle: SmallBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("LAKEHOUSE_SMTP_HOST", f"127.0.0.1:{closed.getsockname()[1]}")
        slow = bundle.notebook("slow", "import time\ntime.sleep(3)")
        rule = {"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 1}
        bundle.job(
            task("good", slow, email_notifications=_all("good"), health={"rules": [rule]}),
            task("bad", bundle.notebook("bad", "1 / 0"), "good", email_notifications=_all("bad")),
            task("left", slow, "bad", webhook_notifications={"on_failure": [{"id": "w1"}]}),
            email_notifications=_all("job"),
        )
        record = bundle.run()
    assert states(record) == {"good": "SUCCESS", "bad": "FAILED", "left": "UPSTREAM_FAILED"}
    assert record.exit_code == 1
    assert sorted(_told(bundle, record.run_id), key=str) == sorted(
        [
            ("job", "on_start", None),
            ("good", "on_start", None),
            ("good", "on_duration_warning_threshold_exceeded", None),
            ("good", "on_success", "SUCCESS"),
            ("bad", "on_start", None),
            ("bad", "on_failure", "FAILED"),
            ("w1", "on_failure", "UPSTREAM_FAILED"),
            ("job", "on_failure", "FAILED"),
        ],
        key=str,
    )
    assert "the notification on_start for job@example.com was not sent: ConnectionRefusedError" in record.warnings[0]
