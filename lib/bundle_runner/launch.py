"""Start a kernel of this very Python for one attempt, and end it by its own process group."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

START_UP = "from bundle_runner import kernel; kernel.prepare(); del kernel"


class RunnerKernel(AsyncKernelManager):
    """A kernel whose environment and folder belong to one attempt; its client notices a dead kernel."""

    environment: Mapping[str, str]
    folder: Path
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

    async def _async_start_kernel(self, **keywords: Any) -> None:
        keywords.update(env=dict(self.environment), cwd=str(self.folder))
        with self.output.open("ab") as output:
            await super()._async_start_kernel(stdout=output, stderr=output, **keywords)
        self.process_id = getattr(self.provisioner, "pid", None)
        if self.killed:
            self.kill()

    start_kernel = _async_start_kernel

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
        shutil.rmtree(Path(self.connection_file).parent, ignore_errors=True)
        if self.output.is_file() and not self.output.stat().st_size:
            self.output.unlink()


def new_kernel(environment: Mapping[str, str], folder: Path, output: Path) -> RunnerKernel:
    """Return a kernel that is not started yet; it speaks over sockets in a folder of its own."""
    sockets = Path(tempfile.mkdtemp(prefix="bundle-"))
    kernel = RunnerKernel(kernel_name="python3", transport="ipc", connection_file=str(sockets / "kernel.json"))
    kernel.environment = environment
    kernel.folder = folder
    kernel.output = output
    return kernel
