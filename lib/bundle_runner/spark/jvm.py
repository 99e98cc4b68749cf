"""One Spark JVM as a process of the runner: started directly, with a door for each task, ended by its own id."""

from __future__ import annotations

import logging
import secrets
import struct
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from bundle_runner.errors import ClusterError

START_SECONDS = 90.0
CONNECTION = "py4j.ClientServerConnection"


@dataclass(frozen=True)
class Door:
    """An entrance of one task's own: its port and secret, and what the JVM keeps for it."""

    tag: str
    port: int
    secret: str
    server: Any
    threads: Any


AnyDoor = TypeVar("AnyDoor")


class Jvm(ABC, Generic[AnyDoor]):
    """A running Spark JVM with its SparkContext; what kind of doors it has is its children's business.

    Raises: ClusterError at creation when it does not start.
    """

    def __init__(self, name: str, conf: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "jvm.log"
        self._said_before = self.log.stat().st_size if self.log.is_file() else 0
        self.process = _start(name, conf, environment, folder, self.log)
        try:
            port, secret = self._read_address(folder / "address")
            self._gateway = _connect(port, secret)
            builder = self._gateway.jvm.org.apache.spark.sql.classic.SparkSession.builder()
            self._context = builder.appName(name).getOrCreate().sparkContext()
        except BaseException as error:
            self.end()
            if isinstance(error, ClusterError | KeyboardInterrupt):
                raise
            raise ClusterError(
                f"cluster {name}: Spark did not start: {_first_line(error)}; its log: {self.log}"
            ) from error

    @property
    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self.process.poll() is None

    @abstractmethod
    def open_door(self, tag: str) -> AnyDoor:
        """Open an entrance for one task."""

    @abstractmethod
    def way_through(self, door: AnyDoor) -> dict[str, object]:
        """Return what the task's process must know."""

    @abstractmethod
    def shut(self, door: AnyDoor, seconds: float) -> bool:
        """Let nobody in any more and end what came through; tell whether all of it is gone in time."""

    def _read_address(self, path: Path) -> tuple[int, str]:
        deadline = time.monotonic() + START_SECONDS
        while not path.is_file():
            if not self.alive:
                raise ClusterError(f"the Spark JVM ended at its start: {self._first_words()}; its log: {self.log}")
            if time.monotonic() > deadline:
                raise ClusterError(f"the Spark JVM did not answer within {START_SECONDS:.0f} s; its log: {self.log}")
            time.sleep(0.02)
        content = path.read_bytes()
        path.unlink()
        port, length = struct.unpack(">ii", content[:8])
        return port, content[8 : 8 + length].decode()

    def _first_words(self) -> str:
        said = self.log.read_bytes()[self._said_before :].decode("utf-8", "replace").strip()
        return said.splitlines()[0][:300] if said else "it said nothing"

    def end(self, wait: bool = True) -> None:
        """End the process: it leaves when its standard input closes, else it is killed by its id."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        if not wait:
            return
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Driver(Jvm[Door]):
    """A Spark JVM that kernels and programs join as they join the driver of a cluster."""

    def open_door(self, tag: str) -> Door:
        """Open a server for one task. All work that comes through it carries the tag by inheritance."""
        jvm, secret = self._gateway.jvm, secrets.token_hex(32)
        server = (
            jvm.py4j.ClientServer.ClientServerBuilder()
            .authToken(secret)
            .javaPort(0)
            .autoStartJavaServer(False)
            .javaAddress(jvm.java.net.InetAddress.getLoopbackAddress())
            .build()
        )
        threads = jvm.java.lang.ThreadGroup(tag)
        self._context.addJobTag(tag)
        try:
            starter = jvm.java.lang.Thread(threads, self._runnable(server, "startServer"), tag)
            starter.start()
            starter.join()
        finally:
            self._context.removeJobTag(tag)
        return Door(tag, server.getJavaServer().getListeningPort(), secret, server, threads)

    def way_through(self, door: Door) -> dict[str, object]:
        """Return what the task's process must know."""
        return {"port": door.port, "secret": door.secret}

    def shut(self, door: Door, seconds: float) -> bool:
        """Hang up on those inside and cancel what came through the door; tell whether all of it is gone in time.

        A cancelled command may still commit what it had finished: only its thread's end proves the end.
        """
        door.server.shutdown()
        deadline = time.monotonic() + seconds
        while self._busy(door):
            if time.monotonic() > deadline:
                return False
            self._context.cancelJobsWithTag(door.tag)
            time.sleep(0.05)
        return True

    def _busy(self, door: Door) -> bool:
        """Tell whether a thread of the door still serves a connection or a stream."""
        count = door.threads.activeCount()
        if not count:
            return False
        seen = self._gateway.new_array(self._gateway.jvm.java.lang.Thread, count + 8)
        found = door.threads.enumerate(seen)
        return any(_serves(seen[index]) for index in range(found))

    def _runnable(self, target: Any, method: str) -> Any:
        """Make a java.lang.Runnable of a method, so that a thread of a given group can run it."""
        lang = self._gateway.jvm.java.lang
        found = target.getClass().getMethod(method, self._gateway.new_array(lang.Class, 0))
        handle = lang.invoke.MethodHandles.publicLookup().unreflect(found).bindTo(target)
        runnable = lang.Class.forName("java.lang.Runnable")
        return lang.invoke.MethodHandleProxies.asInterfaceInstance(runnable, handle)


def _serves(thread: Any) -> bool:
    if thread.getName().startswith("stream execution thread"):
        return True
    return any(frame.getClassName().startswith(CONNECTION) for frame in thread.getStackTrace())


def _start(
    name: str, conf: Mapping[str, str], environment: Mapping[str, str], folder: Path, log: Path
) -> subprocess.Popen[bytes]:
    submit = spark_home() / "bin" / "spark-submit"
    if not submit.is_file():
        raise ClusterError(
            f"cluster {name}: this environment has no Spark at {submit.parent.parent}; run: make setup-local"
        )
    command = [str(submit), "--name", name]
    for key, value in conf.items():
        command += ["--conf", f"{key}={value}"]
    child = {**environment, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(folder / "address"), "PYSPARK_PIN_THREAD": "true"}
    with log.open("ab") as output:
        return subprocess.Popen(
            [*command, "pyspark-shell"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=spark_environment(child),
            cwd=folder,
            start_new_session=True,
        )


def spark_home() -> Path:
    """Return the Spark home that set-up wrote into this environment."""
    return Path(sys.prefix) / "spark"


def spark_environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which Spark is this environment's own, whatever the shell says."""
    foreign = (
        "SPARK_CONF_DIR",
        "PYSPARK_SUBMIT_ARGS",
        "PYSPARK_DRIVER_PYTHON",
        "SPARK_CONNECT_MODE_ENABLED",
        "SPARK_REMOTE",
    )
    kept = {key: value for key, value in base.items() if key not in foreign}
    return {**kept, "SPARK_HOME": str(spark_home()), "PYSPARK_PYTHON": sys.executable}


def _connect(port: int, secret: str) -> Any:
    # A dead JVM is told by its exit code, in words; py4j logs the trace of the broken connection to the root logger,
    # which prints it where nobody has given it a handler.
    logging.getLogger().addHandler(logging.NullHandler())
    from py4j.clientserver import ClientServer, JavaParameters, PythonParameters

    return ClientServer(
        java_parameters=JavaParameters(port=port, auth_token=secret, auto_convert=True),
        python_parameters=PythonParameters(port=0, eager_load=False),
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
