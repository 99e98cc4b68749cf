"""Start a kernel of this very Python, tell it its attempt, and end it by its own process group."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from bundle_runner.errors import NotebookError
from bundle_runner.notebooks.file import Import

START_UP = "from bundle_runner.kernel import ahead; ahead.prepare(); del ahead"


@dataclass(frozen=True)
class Seed:
    """What is known of a kernel before its attempt: environment and folder, and what its notebook will import."""

    environment: Mapping[str, str]
    folder: Path
    imports: tuple[Import, ...] = ()


class RunnerKernel(AsyncKernelManager):
    """A kernel that waits at its start until it is told its attempt; its client notices a dead kernel."""

    line: Connection
    output: Path
    killed = False
    process_id: int | None = None

    @property
    def kernel_spec(self) -> KernelSpec:
        """Return the kernel of this environment, whatever kernels the machine has installed."""
        command = [
            sys.executable,
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
            "--HistoryManager.enabled=False",
        ]
        return KernelSpec(argv=[*command, f"--IPKernelApp.exec_lines={START_UP}"], language="python", name="python3")

    def start(self, seed: Seed, theirs: Connection) -> None:
        """Start the process; its standard input is the line by which it hears of its attempt."""
        with theirs, self.output.open("ab") as output:
            run_sync(self._async_start_kernel)(
                env=dict(seed.environment), cwd=str(seed.folder), stdin=theirs.fileno(), stdout=output, stderr=output
            )
        self._close_control_socket()  # it belongs to the event loop of this thread, and nothing here speaks over it
        self.process_id = getattr(self.provisioner, "pid", None)
        self.line.send(seed.imports)

    def has_spoken(self, seconds: float) -> bool:
        """Wait so long for the kernel to be prepared; tell whether it is, or died."""
        try:
            return self.line.poll(seconds)
        except OSError:
            return True

    def is_prepared(self) -> bool:
        """Wait until the kernel is ready for its attempt; tell whether it lives."""
        try:
            return bool(self.line.recv())
        except (EOFError, OSError):
            return False

    def begin(self, environment: Mapping[str, str], log: Path) -> None:
        """Give the kernel the environment of its attempt, and what it says to the attempt's log."""
        self.output = self.output.rename(log)
        with contextlib.suppress(OSError):  # a dead kernel is noticed by its client
            self.line.send(dict(environment))

    def kill(self) -> None:
        """End the kernel and what it started, at once; may be called from any thread."""
        self.killed = True
        if self.process_id is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process_id, signal.SIGKILL)

    def clean_up(self) -> None:
        """Kill what is left and free the connection."""
        self.kill()
        run_sync(self._async_shutdown_kernel)(now=True)
        self.line.close()
        shutil.rmtree(Path(self.connection_file).parent, ignore_errors=True)
        if self.output.is_file() and not self.output.stat().st_size:
            self.output.unlink()


def launch(seed: Seed, run_folder: Path) -> RunnerKernel:
    """Start a kernel; it speaks over sockets in a folder of its own.

    Raises: NotebookError when no process can be started.
    """
    sockets = Path(tempfile.mkdtemp(prefix="bundle-"))
    kernel = RunnerKernel(kernel_name="python3", transport="ipc", connection_file=str(sockets / "kernel.json"))
    kernel.line, theirs = multiprocessing.Pipe()
    kernel.output = run_folder / f".{sockets.name}.log"
    try:
        kernel.start(seed, theirs)
    except (OSError, RuntimeError) as error:
        kernel.clean_up()
        raise NotebookError(f"the kernel did not start: {error}") from error
    return kernel
