"""Run a notebook or a program: attempt after attempt, each in its own folder, fenced before the next."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from bundle_runner.errors import NotebookError, ReferenceProblem
from bundle_runner.launch.called import Calls
from bundle_runner.launch.kernel import Seed
from bundle_runner.launch.notebook import NotebookCall, NotebookEnd, bounded, run_notebook
from bundle_runner.launch.program import LOG, ProgramCall, run_program
from bundle_runner.launch.spares import Spares
from bundle_runner.launch.stopper import Stopper, within
from bundle_runner.model import Task
from bundle_runner.notebooks.file import NotebookFile
from bundle_runner.pages import write_page
from bundle_runner.record.records import AttemptRecord, now
from bundle_runner.run.work import Notebook, Place, Program, Work
from bundle_runner.spark.cluster import Cluster, Clusters, Gatekeeper
from bundle_runner.states import ResultState

POLL_SECONDS = 0.2


class Workshop:
    """What all attempts of a run share: clusters, their gatekeeper, a bound on kernels, the page writer.

    `lasting` clusters were there before the run and stay after it, as an all-purpose cluster does.
    """

    def __init__(
        self, run_folder: Path, environment: Mapping[str, str], kernels: int, lasting: Clusters | None = None
    ) -> None:
        self.run_folder = run_folder
        self.environment = environment
        self.clusters = lasting or Clusters(environment, run_folder / "clusters")
        self._lasting = lasting is not None
        self.gatekeeper = Gatekeeper()
        self._spares = Spares(run_folder)
        self._slots = threading.BoundedSemaphore(kernels)
        self._pages = ThreadPoolExecutor(1, thread_name_prefix="pages")
        self._written: list[Future[None]] = []

    def expect(self, coming: Iterable[Place], open_ones: Iterable[Place]) -> None:
        """Hear which notebooks will start next, in this order, and all that may still start."""
        self._spares.expect([self._seed(place) for place in coming], [self._seed(place) for place in open_ones])

    def run(
        self, work: Work, stopper: Stopper, note: Callable[[tuple[AttemptRecord, ...]], None]
    ) -> tuple[AttemptRecord, ...]:
        """Run attempts until one succeeds, the retries are used up, or the run is stopped."""
        done = work.earlier
        while True:
            started = time.monotonic()
            current = AttemptRecord(len(done) + 1, now())
            note((*done, current))
            current = self._attempt(work, current, stopper)
            done = (*done, current)
            note(done)
            if stopper.state or not _again(work.body, current, len(done) - len(work.earlier)):
                return done
            if stopper.wait(started + work.body.min_retry_interval_millis / 1000 - time.monotonic()):
                return done

    def _attempt(self, work: Work, record: AttemptRecord, stopper: Stopper) -> AttemptRecord:
        if not self._slot(stopper):
            return replace(record, state=stopper.state, ended_at=now(), message=stopper.reason)
        try:
            return self._carried_out(work, record, stopper)
        except ReferenceProblem as error:
            return replace(record, state=ResultState.FAILED, ended_at=now(), message=str(error))
        finally:
            self._slots.release()

    def _slot(self, stopper: Stopper) -> bool:
        while not stopper.state:
            if self._slots.acquire(timeout=POLL_SECONDS):
                return True
        return False

    def _carried_out(self, work: Work, record: AttemptRecord, stopper: Stopper) -> AttemptRecord:
        start = work.start(record.number)
        name = f"{work.name}.{record.number}"
        folder = work.folder / f"attempt_{record.number}"
        folder.mkdir(parents=True)
        upstream = _upstream(work, folder)
        with within(stopper, work.body.timeout_seconds, "the attempt") as limit:
            if isinstance(start, Program):
                end = self._program(name, start, folder, upstream, limit)
            else:
                end = self._notebook(name, start, folder, upstream, limit)
        return self._judged(record, folder, end, limit)

    def _notebook(
        self, name: str, start: Notebook, folder: Path, upstream: Mapping[str, str], limit: Stopper
    ) -> NotebookEnd:
        """Run a notebook, and in the same way what it runs; afterwards nothing of it goes on."""

        def execute(notebook: NotebookFile, values: Mapping[str, str], place: Path, limit: Stopper) -> NotebookEnd:
            called = Notebook(Place(notebook, start.place.cluster), values)
            return self._notebook(f"{name}.{place.name}", called, place, upstream, limit)

        cluster = self.clusters.get(start.place.cluster)
        calls = Calls(start.place.notebook.path.parent, folder, limit, execute)
        environment = {**self.gatekeeper.admit(name, cluster, calls.run), **upstream}
        end = self._end(
            NotebookCall(start.place.notebook, start.values, folder, environment), self._seed(start.place), limit
        )
        calls.close()
        for executed in folder.glob("*.ipynb"):
            self._written.append(self._pages.submit(write_page, executed, executed.with_suffix(".html")))
        return self._fenced(name, cluster, end)

    def _program(
        self, name: str, start: Program, folder: Path, upstream: Mapping[str, str], limit: Stopper
    ) -> NotebookEnd:
        cluster = self.clusters.get(start.cluster)
        own = {**self.environment, **start.cluster.environment}
        environment = {**own, **self.gatekeeper.admit(name, cluster), **upstream}
        end = run_program(ProgramCall(start.words, start.home, folder, environment), limit)
        return self._fenced(name, cluster, end)

    def _fenced(self, name: str, cluster: Cluster, end: NotebookEnd) -> NotebookEnd:
        trouble = self.gatekeeper.dismiss(name)
        return _true_cause(end, cluster.leave(name) or trouble)

    def _end(self, call: NotebookCall, seed: Seed, limit: Stopper) -> NotebookEnd:
        try:
            kernel = self._spares.take(seed, lambda kernel: limit.listen(lambda *_: kernel.kill()))
        except NotebookError as error:
            return NotebookEnd(False, bounded(str(error)))
        return run_notebook(call, kernel)

    def _seed(self, place: Place) -> Seed:
        return Seed(
            {**self.environment, **place.cluster.environment}, place.notebook.path.parent, place.notebook.imports
        )

    def _judged(self, record: AttemptRecord, folder: Path, end: NotebookEnd, limit: Stopper) -> AttemptRecord:
        state, message = (ResultState.SUCCESS if end.success else ResultState.FAILED), end.message
        if limit.state and not end.success:
            state, message = limit.state, limit.reason
        executed = next(folder.glob("*.ipynb"), None)
        html = executed.with_suffix(".html") if executed else None
        return replace(
            record,
            state=state,
            ended_at=now(),
            message=message,
            stopped=end.stopped and state is ResultState.FAILED,
            notebook=self._relative(executed),
            html=self._relative(html),
            log=self._relative(folder / LOG if (folder / LOG).is_file() else None),
            values=_values(folder),
        )

    def _relative(self, path: Path | None) -> str | None:
        return path.relative_to(self.run_folder).as_posix() if path else None

    def close(self) -> list[str]:
        """End spare kernels and clusters, wait for the pages; return what could not be written."""
        self._spares.close()
        self.gatekeeper.close()
        if not self._lasting:
            self.clusters.end()
        self._pages.shutdown(wait=True)
        return [f"a page is missing: {future.exception()}" for future in self._written if future.exception()]


def _again(body: Task, record: AttemptRecord, count: int) -> bool:
    if record.state is ResultState.SUCCESS:
        return False
    if record.state is ResultState.TIMEDOUT and not body.retry_on_timeout:
        return False
    return body.max_retries < 0 or count <= body.max_retries


def _true_cause(end: NotebookEnd, trouble: str) -> NotebookEnd:
    """Put the trouble of the JVM before what the notebook saw of it."""
    if end.success or end.stopped or not trouble:
        return end
    return replace(end, message=trouble)


def _upstream(work: Work, folder: Path) -> dict[str, str]:
    """Write the values of earlier tasks for this attempt; return the environment that says where."""
    path = folder / "upstream.json"
    path.write_text(json.dumps(work.upstream, ensure_ascii=False), encoding="utf-8")
    return {"BUNDLE_TASK_VALUES": str(path)}


def _values(folder: Path) -> dict[str, Any]:
    path = folder / "values.json"
    if not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
