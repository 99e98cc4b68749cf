"""A world is up while its command runs, and gone afterwards."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.shops import SIMULATE, free_port, make_bundle, running_shop, wait_until_gone

DAYS = ("2011-01-04", "2011-01-05", "2011-01-06")
LOOK = """
import json, os, pathlib, sys, urllib.request as web
url = os.environ["BUNDLE_VAR_shop_api_url"]
health = json.load(web.build_opener(web.ProxyHandler({})).open(url + "/health"))
within = os.environ["BUNDLE_RUN_WITHIN"]
pathlib.Path(sys.argv[1]).write_text(json.dumps({"url": url, "within": within, "parent": os.getppid(), **health}))
"""
STAY = LOOK + "import time; time.sleep(60)"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Make a bundle of this test's own, with few days so that it starts fast."""
    return make_bundle(tmp_path, DAYS)


def world(bundle: Path, port: int, *rest: str) -> list[str]:
    """Word the command that makes a world of this bundle."""
    return [*SIMULATE, "world", "--port", f"{port}", "--bundle", f"{bundle}", *rest]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and keep what it says."""
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def staying_world(bundle: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Keep a world whose command stays; give its process and the process id of its shop."""
    seen = bundle / "seen.json"
    command = world(bundle, free_port(), "--", sys.executable, "-c", STAY, f"{seen}")
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process, shop_seen(seen)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def shop_seen(seen: Path) -> int:
    """Wait until the command has looked; give the process id of the shop that it saw."""
    deadline = time.monotonic() + 30
    while not (seen.exists() and seen.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pid: int = json.loads(seen.read_text())["pid"]
    return pid


def test_the_command_finds_the_shop_up_and_the_files_delivered(bundle: Path) -> None:
    port = free_port()
    done = run(world(bundle, port, "--", sys.executable, "-c", LOOK, f"{bundle}/seen.json"))
    assert (done.returncode, done.stdout) == (0, "")
    seen = json.loads((bundle / "seen.json").read_text())
    assert seen["url"] == f"http://127.0.0.1:{port}"
    again = f"lakehouse simulate world --port {port} --bundle {bundle} --"
    assert seen["within"] == f"{seen['parent']} {again}"
    assert len(list((bundle / ".lakehouse/inbox").glob("*/*.csv"))) == 6
    assert "6 new, 0 unchanged, 0 changed" in done.stderr
    assert f"shop API: http://127.0.0.1:{port}, 70 orders, 150 customers, 1590 products\n" in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137)])
def test_the_exit_code_is_passed_on_and_no_process_is_left(bundle: Path, script: str, code: int) -> None:
    port = free_port()
    look = f"{sys.executable} -c '{LOOK}' {bundle}/seen.json; {script}"
    assert run(world(bundle, port, "--", "sh", "-c", look)).returncode == code
    assert wait_until_gone(json.loads((bundle / "seen.json").read_text())["pid"])
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)


def test_date_and_inbox_limit_and_place_the_delivery(bundle: Path) -> None:
    inbox = bundle / "elsewhere"
    options = ("--date", "2011-01-05", "--inbox", f"{inbox}")
    done = run(world(bundle, free_port(), *options, "--", "sh", "-c", "echo $BUNDLE_VAR_inbox_root"))
    assert (done.returncode, done.stdout) == (0, f"{inbox.resolve()}\n")
    assert sorted(f"{each.relative_to(inbox)}" for each in inbox.rglob("*.csv")) == [
        "euro_partner/verkauf_2011-01-04.csv",
        "euro_partner/verkauf_2011-01-05.csv",
        "gift_partner/2011-01-04.csv",
        "gift_partner/2011-01-05.csv",
    ]
    assert not (bundle / ".lakehouse").exists()


def test_options_of_the_command_are_its_own_also_without_two_dashes(bundle: Path) -> None:
    done = run(world(bundle, free_port(), "sh", "-c", "echo $1", "x", "--port"))
    assert (done.returncode, done.stdout) == (0, "--port\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_command_and_the_shop(bundle: Path, number: signal.Signals, code: int) -> None:
    with staying_world(bundle) as (process, shop):
        process.send_signal(number)
        assert process.wait(20) == code
        assert wait_until_gone(shop)


def test_the_shop_ends_even_when_the_world_is_killed(bundle: Path) -> None:
    with staying_world(bundle) as (process, shop):
        process.kill()
        process.wait(10)
        assert wait_until_gone(shop)


def test_a_port_held_by_another_shop_stops_before_anything_is_delivered(bundle: Path) -> None:
    with running_shop(bundle) as shop:
        done = run(world(bundle, shop.base_url.port or 0, "--", "touch", f"{bundle}/ran"))
        assert shop.get("/health").is_success
    assert done.returncode == 2
    assert "is in use by another shop API (process " in done.stderr
    assert "`make run-pipeline` that still runs" in done.stderr
    assert "PORT=8766" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (bundle / ".lakehouse").exists()
    assert not (bundle / "ran").exists()


@pytest.mark.parametrize("command", ["world", "shop-api"])
def test_a_port_held_by_another_program_is_told_in_one_sentence(bundle: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        options = ["--port", f"{port}", "--bundle", f"{bundle}"]
        done = run([*SIMULATE, command, *options, *(["true"] if command == "world" else [])])
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: port {port} on 127.0.0.1 is in use by another program;")
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_command_is_refused_before_anything_is_started(bundle: Path) -> None:
    done = run(world(bundle, free_port(), "--", "no-such-command"))
    assert done.returncode == 2
    assert "no-such-command: no such command; nothing was started" in done.stderr
    assert not (bundle / ".lakehouse").exists()


def test_outside_of_a_bundle_the_remedy_is_named(tmp_path: Path) -> None:
    done = run(world(tmp_path, free_port(), "--", "true"))
    assert done.returncode == 2
    assert "name it with --bundle DIR" in done.stderr


def test_the_commands_module_is_light() -> None:
    heavy = "{'starlette', 'uvicorn', 'httpx', 'pyspark', 'pandas'}"
    code = f"import sys, sales_lakehouse.commands.simulate; print({heavy} & set(sys.modules))"
    assert run([sys.executable, "-c", code]).stdout == "set()\n"
