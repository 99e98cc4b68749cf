"""The clusters of a run: one JVM each, started when the first notebook knocks, replaced when it is dead."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError

from bundle_runner.errors import RunnerError
from bundle_runner.spark.connect import ConnectServer
from bundle_runner.spark.jvm import Driver, Jvm

FENCE_SECONDS = 15.0


@dataclass(frozen=True)
class ClusterSpec:
    """What the bundle says of a cluster or a serverless environment, as far as it means something on one machine."""

    name: str
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    serverless: bool = False


class Cluster:
    """One Spark JVM for the tasks of a job cluster or an environment."""

    def __init__(self, spec: ClusterSpec, environment: Mapping[str, str], folder: Path) -> None:
        self.spec = spec
        self._environment = {**environment, **spec.environment}
        self._folder = folder
        self._lock = threading.Lock()
        self._jvm: Jvm[Any] | None = None
        self._doors: dict[str, tuple[Jvm[Any], Any]] = {}

    def enter(self, attempt: str) -> dict[str, object]:
        """Return the way through the attempt's own door; start or replace the JVM where needed.

        Raises: ClusterError when Spark does not start.
        """
        with self._lock:
            if self._jvm is None or not self._jvm.alive:
                kind = ConnectServer if self.spec.serverless else Driver
                self._jvm = kind(self.spec.name, self.spec.spark_conf, self._environment, self._folder)
            if attempt not in self._doors:
                self._doors[attempt] = (self._jvm, self._jvm.open_door(attempt))
            jvm, door = self._doors[attempt]
            return jvm.way_through(door)

    def leave(self, attempt: str) -> str:
        """Fence an attempt: afterwards nothing of it runs. Return what went wrong with its JVM, else nothing."""
        with self._lock:
            jvm, door = self._doors.pop(attempt, (None, None))
            if jvm is None:
                return ""
            if not jvm.alive:
                return f"the Spark JVM of cluster {self.spec.name} died ({_exit_words(jvm)}); its log: {jvm.log}"
            if not _fenced(jvm, door):
                jvm.process.kill()
                jvm.process.wait()
            return ""

    def end(self) -> None:
        """End the JVM."""
        with self._lock:
            if self._jvm is not None:
                self._jvm.end()
                self._jvm = None


def _fenced(jvm: Jvm[Any], door: Any) -> bool:
    try:
        return jvm.shut(door, FENCE_SECONDS)
    except (Py4JError, OSError):  # the JVM died under the question: one in doubt is replaced
        return False


def _exit_words(jvm: Jvm[Any]) -> str:
    code = jvm.process.poll()
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


Call = Callable[[Mapping[str, Any]], str]
"""Runs a notebook for another one and returns what it gave to its exit."""


@dataclass(frozen=True)
class Guest:
    """An attempt that may knock, the cluster that is its own, and who runs notebooks for it."""

    attempt: str
    cluster: Cluster
    call: Call | None


class Gatekeeper:
    """Answers the kernels of a run that knock for a Spark JVM, or for a notebook to be run."""

    def __init__(self) -> None:
        self._authkey = secrets.token_bytes(32)
        self._listener = Listener(("127.0.0.1", 0), backlog=16, authkey=self._authkey)
        self._guests: dict[str, Guest] = {}
        self._problems: dict[str, str] = {}
        threading.Thread(target=self._serve, name="gatekeeper", daemon=True).start()

    def admit(self, attempt: str, cluster: Cluster, call: Call | None = None) -> dict[str, str]:
        """Expect an attempt and return the environment by which its kernel finds the way.

        `call` runs the notebooks for which it asks.
        """
        token = secrets.token_hex(16)
        self._guests[token] = Guest(attempt, cluster, call)
        host, port = self._listener.address
        return {
            "BUNDLE_RUNNER_ADDRESS": f"{host}:{port}",
            "BUNDLE_RUNNER_AUTHKEY": self._authkey.hex(),
            "BUNDLE_RUNNER_ATTEMPT": token,
        }

    def dismiss(self, attempt: str) -> str:
        """Expect the attempt no more; return why it got no Spark, if so."""
        for token in [token for token, guest in self._guests.items() if guest.attempt == attempt]:
            del self._guests[token]
        return self._problems.pop(attempt, "")

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                line = self._listener.accept()
            except (AuthenticationError, EOFError, ConnectionError):
                pass  # a stranger without the key, or one who hung up: the others still come
            except OSError:
                return  # closed
            else:
                threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: Connection) -> None:
        with line:
            try:
                token, asked = line.recv()
                guest = self._guests[token]
            except (KeyError, EOFError, OSError):
                return
            answer = self._called(guest, asked) if "notebook" in asked else self._entered(guest)
            with suppress(OSError):  # who asked has been killed meanwhile
                line.send(answer)

    def _entered(self, guest: Guest) -> dict[str, object]:
        try:
            return guest.cluster.enter(guest.attempt)
        except Exception as error:  # noqa: BLE001 whatever it is, the kernel must hear it instead of waiting
            self._problems[guest.attempt] = _words(error)
            return {"problem": _words(error)}

    def _called(self, guest: Guest, asked: Mapping[str, Any]) -> dict[str, object]:
        try:
            return {"value": guest.call(asked)} if guest.call else {"problem": "only a notebook can run another one"}
        except Exception as error:  # noqa: BLE001 whatever it is, the kernel must hear it instead of waiting
            return {"problem": _words(error)}


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, RunnerError) else f"{type(error).__name__}: {error}"


class Clusters:
    """All clusters of one run."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._clusters: dict[str, Cluster] = {}
        self._lock = threading.Lock()

    def get(self, spec: ClusterSpec) -> Cluster:
        """Return the cluster of this name; it starts when it is entered."""
        with self._lock:
            if spec.name not in self._clusters:
                self._clusters[spec.name] = Cluster(spec, self._environment, self._folder / spec.name)
            return self._clusters[spec.name]

    def end(self) -> None:
        """End every JVM."""
        for cluster in self._clusters.values():
            cluster.end()
