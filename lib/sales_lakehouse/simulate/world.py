"""Run a command in a world in which the shop is up and the partners have delivered."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from sales_lakehouse.simulate.errors import SimulatorError
from sales_lakehouse.simulate.health import HOST, Health, ask_health
from sales_lakehouse.simulate.server import bind_port

START_SECONDS = 30.0
STOP_SECONDS = 5.0


def check_command(command: Sequence[str]) -> None:
    """Prove that the command can be started, before anything else is.

    Raises: SimulatorError when it is not on the PATH.
    """
    if shutil.which(command[0]) is None:
        raise SimulatorError(
            f"{command[0]}: no such command; nothing was started, nothing was delivered; "
            "give the command after --, like: lakehouse simulate world -- lakehouse run sales_daily"
        )


@contextmanager
def shop_api(server_command: Sequence[str], port: int) -> Iterator[Health]:
    """Keep the shop API up, as a process of its own, while the block runs.

    Raises: SimulatorError when the port is taken or the server does not come up.
    """
    bind_port(port).close()
    # A session of its own: a Ctrl-C meant for the command must not take its API away.
    server = subprocess.Popen(server_command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield _wait_until_up(server, port)
    finally:
        _end(server)


def run_command(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run the command with these variables added to its environment; give its exit code.

    A command that died of a signal counts as 128 + the signal's number, as in a shell.
    """
    process = subprocess.Popen(command, env={**os.environ, **variables})
    with _signals_go_to(process):
        code = process.wait()
    return code if code >= 0 else 128 - code


def _wait_until_up(server: subprocess.Popen[bytes], port: int) -> Health:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        health = ask_health(port)
        if health is not None and health.pid == server.pid:
            return health
        time.sleep(0.05)
    code = server.poll()
    why = f"no answer within {START_SECONDS:.0f} s" if code is None else f"it ended with {code}"
    raise SimulatorError(
        f"the shop API did not come up at http://{HOST}:{port} ({why}); "
        "nothing was delivered, the command was not run; "
        f"see what it says: lakehouse simulate shop-api --port {port}"
    )


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@contextmanager
def _signals_go_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leave the answer to a signal to the command; this process must live to tidy up."""

    def pass_on(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and _terminal_reaches_us():
            return
        with suppress(ProcessLookupError):
            process.send_signal(number)

    before = {each: signal.signal(each, pass_on) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminal_reaches_us() -> bool:
    # The terminal sends Ctrl-C to its whole foreground group, so the command has it already;
    # a second one would tell it to skip its own tidying up.
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)
