"""Notifications: who hears of what, and how they reach a webhook and a mail server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from bundle_runner.model import Job
from bundle_runner.record.records import AttemptRecord, TaskRecord
from bundle_runner.run import notices
from bundle_runner.run.notices import FILE, Notices, Subject, Teller, event_of
from bundle_runner.run.senders import Routes
from bundle_runner.states import ResultState

SUBJECT = Subject("r1", "main", "The\nmain job")


class Hook(HTTPServer):
    """A webhook on loopback that remembers what it got."""

    def __init__(self, status: int = 200) -> None:
        self.got: list[Any] = []
        self.status = status
        super().__init__(("127.0.0.1", 0), _Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?token=canary"


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        if self.server.status == 302:  # type: ignore[attr-defined]
            self.send_header("Location", self.path)
        self.end_headers()

    do_GET = do_POST  # noqa: N815 the base class's name

    def log_message(self, *_: object) -> None:
        pass


class Mailbox:
    """Remember what was sent to it."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
        self.got.append(BytesParser(policy=default).parsebytes(envelope.content))  # type: ignore[arg-type]
        return "250 taken"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Hook()
    yield server
    server.shutdown()


@pytest.fixture
def mail() -> Iterator[Controller]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(Mailbox(), hostname="127.0.0.1", port=port)
    server.start()
    yield server
    server.stop()


def _job(**said: Any) -> Job:
    return Job.model_validate({"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "a"}}], **said})


def _lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / FILE
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_without_a_route_a_notification_is_a_line_of_the_run(tmp_path: Path) -> None:
    told = _job(
        email_notifications={"on_start": ["a@example.com", "b@example.com"]},
        webhook_notifications={"on_start": [{"id": "w1"}]},
    )
    book = Notices(tmp_path, Routes(), pytest.fail)
    book.tell(told, "on_start", SUBJECT)
    book.tell(told, "on_success", SUBJECT)
    book.close()
    lines = _lines(tmp_path)
    assert [(line["channel"], line["to"], line["sent"]) for line in lines] == [
        ("webhook", "w1", False),
        ("email", "a@example.com", False),
        ("email", "b@example.com", False),
    ]
    assert lines[0]["event"] == "on_start"
    assert (lines[0]["run_id"], lines[0]["job"], lines[0]["task"]) == ("r1", "main", None)


def test_a_route_leads_to_the_webhook_and_to_the_mail_server(tmp_path: Path, hook: Hook, mail: Controller) -> None:
    told = _job(
        email_notifications={"on_failure": ["a@example.com"]}, webhook_notifications={"on_failure": [{"id": "w1"}]}
    )
    book = Notices(tmp_path, Routes(hook.url, f"127.0.0.1:{mail.port}"), pytest.fail)
    book.tell(told, "on_failure", SUBJECT, state="FAILED", message="ä gate stopped")
    book.close()
    assert [line["sent"] for line in _lines(tmp_path)] == [True, True]
    assert [(got["destination"], got["event"], got["message"]) for got in hook.got] == [
        ("w1", "on_failure", "ä gate stopped")
    ]
    (letter,) = mail.handler.got
    assert (letter["To"], letter["Subject"]) == ("a@example.com", "job The main job: on_failure")
    assert "message: ä gate stopped" in letter.get_content()


@pytest.mark.parametrize("status", [500, 302], ids=["an error", "a redirect"])
def test_what_cannot_be_sent_is_told_without_the_url(tmp_path: Path, hook: Hook, status: int) -> None:
    hook.status = status
    warned: list[str] = []
    told = _job(webhook_notifications={"on_start": [{"id": "w1"}]}, email_notifications={"on_start": ["a@example.com"]})
    with socket.socket() as closed:  # bound, but nobody listens
        closed.bind(("127.0.0.1", 0))
        book = Notices(tmp_path, Routes(hook.url, f"127.0.0.1:{closed.getsockname()[1]}"), warned.append)
        book.tell(told, "on_start", SUBJECT)
        book.close()
    assert (
        warned[0]
        == f"the notification on_start for w1 was not sent: HTTPError: {warned[0].partition('HTTPError: ')[2]}"
    )
    assert warned[1].startswith("the notification on_start for a@example.com was not sent: ConnectionRefusedError")
    assert len(hook.got) == 1, "a redirect is not followed"
    assert [line["sent"] for line in _lines(tmp_path)] == [False, False]
    assert "canary" not in "".join(warned) + (tmp_path / FILE).read_text() + repr(Routes(hook.url))


def test_a_server_that_never_answers_holds_the_run_for_a_bounded_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "PATIENCE_SECONDS", 0.5)
    warned: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        book = Notices(tmp_path, Routes(f"http://127.0.0.1:{silent.getsockname()[1]}/"), warned.append)
        book.tell(_job(webhook_notifications={"on_start": [{"id": "w1"}]}), "on_start", SUBJECT)
        book.close()
        assert warned == ["1 notifications were not sent within 0 s after the run"]


ENDS = [
    (ResultState.SUCCESS, {}, "on_success"),
    (ResultState.SUCCESS_WITH_FAILURES, {}, "on_success"),
    (ResultState.FAILED, {}, "on_failure"),
    (ResultState.TIMEDOUT, {}, "on_failure"),
    (ResultState.CANCELED, {}, "on_failure"),
    (ResultState.CANCELED, {"notification_settings": {"no_alert_for_canceled_runs": True}}, None),
    (ResultState.UPSTREAM_FAILED, {}, "on_failure"),
    (ResultState.UPSTREAM_FAILED, {"notification_settings": {"no_alert_for_skipped_runs": True}}, None),
    (ResultState.UPSTREAM_FAILED, {"email_notifications": {"no_alert_for_skipped_runs": True}}, None),
    (ResultState.FAILED, {"notification_settings": {"no_alert_for_skipped_runs": True}}, "on_failure"),
    (ResultState.EXCLUDED, {}, None),
    (ResultState.DISABLED, {}, None),
]


@pytest.mark.parametrize(("state", "said", "event"), ENDS)
def test_an_end_is_told_as_what_it_is(state: ResultState, said: dict[str, Any], event: str | None) -> None:
    assert event_of(_job(**said), state) == event


@pytest.mark.parametrize(
    ("settings", "events"),
    [({}, ["on_failure", "on_start"]), ({"alert_on_last_attempt": True}, [])],
    ids=["each attempt", "the last one"],
)
def test_a_failed_attempt_that_is_tried_again_is_told_unless_only_the_last_one_counts(
    tmp_path: Path, settings: dict[str, bool], events: list[str]
) -> None:
    everybody = {"on_start": ["a@example.com"], "on_failure": ["a@example.com"]}
    book = Notices(tmp_path, Routes(), pytest.fail)
    teller = Teller(book, _job(email_notifications=everybody, notification_settings=settings), SUBJECT, attempts=1)
    old, first, second = (AttemptRecord(n, "t", ResultState.FAILED, message=f"m{n}") for n in (1, 2, 3))
    for attempts in ((old, first), (old, first), (old, first, second), (old, first, second)):
        teller.heard(TaskRecord("a", "notebook", attempts=attempts))
    assert [line["event"] for line in _lines(tmp_path)] == events
    if events:
        assert _lines(tmp_path)[0]["message"] == "m2"
