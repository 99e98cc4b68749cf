"""Kernels started ahead: while one notebook runs, the kernels of the next ones start and import their modules."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from bundle_runner.errors import NotebookError
from bundle_runner.launch.kernel import RunnerKernel, Seed, launch

LIMIT = 2
POLL_SECONDS = 0.2


class Spares:
    """At most so many kernels that wait for an attempt; one is prepared at a time, so that the attempts keep a core."""

    def __init__(self, run_folder: Path) -> None:
        self._run_folder = run_folder
        self._coming: list[Seed] = []
        self._waiting: list[tuple[Seed, RunnerKernel]] = []
        self._closed = False
        self._change = threading.Condition()
        self._preparer = threading.Thread(target=self._prepare, name="spares", daemon=True)
        self._preparer.start()

    def expect(self, coming: Sequence[Seed], open_ones: Collection[Seed]) -> None:
        """Prepare for what comes next, in this order; end what waits for a task that has ended."""
        with self._change:
            useless = [kernel for seed, kernel in self._waiting if seed not in open_ones]
            self._waiting = [(seed, kernel) for seed, kernel in self._waiting if seed in open_ones]
            self._coming = list(coming)
            self._change.notify()
        for kernel in useless:
            kernel.clean_up()

    def take(self, seed: Seed, on_kernel: Callable[[RunnerKernel], None]) -> RunnerKernel:
        """Return a prepared kernel, else a fresh one; `on_kernel` receives it, so that others can end it.

        Raises: NotebookError when no process can be started.
        """
        while kernel := self._pop(seed):
            on_kernel(kernel)
            if kernel.is_prepared():
                return kernel
            kernel.clean_up()
        kernel = launch(Seed(seed.environment, seed.folder), self._run_folder)
        on_kernel(kernel)
        return kernel

    def close(self) -> None:
        """End every kernel that still waits, and prepare no more."""
        with self._change:
            self._closed = True
            self._change.notify()
        self.expect((), ())
        self._preparer.join()

    def _pop(self, seed: Seed) -> RunnerKernel | None:
        with self._change:
            if seed in self._coming:
                self._coming.remove(seed)
            found = next((spare for spare in self._waiting if spare[0] == seed), None)
            if found is None:
                return None
            self._waiting.remove(found)
            self._change.notify()
            return found[1]

    def _prepare(self) -> None:
        while seed := self._next():
            try:
                kernel = launch(seed, self._run_folder)
            except (NotebookError, OSError):
                return  # the attempt will find out why, and say it
            if not self._keep(seed, kernel):
                kernel.clean_up()
            while self._holds(kernel) and not kernel.has_spoken(POLL_SECONDS):
                pass

    def _next(self) -> Seed | None:
        """Wait for a notebook that needs a kernel; None when there will be no more."""
        with self._change:
            while not self._closed:
                seed = self._lacking()
                if seed:
                    return seed
                self._change.wait()
        return None

    def _lacking(self) -> Seed | None:
        if len(self._waiting) >= LIMIT:
            return None
        there = [seed for seed, _ in self._waiting]
        for seed in self._coming[:LIMIT]:
            if seed not in there:
                return seed
            there.remove(seed)
        return None

    def _keep(self, seed: Seed, kernel: RunnerKernel) -> bool:
        with self._change:
            wanted = not self._closed and seed in self._coming
            if wanted:
                self._waiting.append((seed, kernel))
            return wanted

    def _holds(self, kernel: RunnerKernel) -> bool:
        with self._change:
            return any(kernel is other for _, other in self._waiting)
