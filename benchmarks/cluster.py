"""A standalone Spark cluster on this machine: a master and workers of one core each, on loopback, ended by process."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pyspark

from bundle_runner.spark_home.java import choose_java

HOST = "127.0.0.1"
SECONDS_TO_START = 120.0
# Spark's own home: the project's starts drivers only.
SPARK_HOME = Path(pyspark.__file__).parent


@contextmanager
def standalone_cluster(folder: Path, workers: int, memory: str) -> Iterator[str]:
    """Give the address of a master once all its workers, each with one core and so much memory ("2g"), are there.

    Raises: TimeoutError when they do not come; what they said is in `folder`.
    """
    port, page = _free_port(), _free_port()
    address = f"spark://{HOST}:{port}"
    with ExitStack() as started:
        master = ("master.Master", "--port", f"{port}", "--webui-port", f"{page}")
        started.enter_context(_running(folder / "master", *master))
        for number in range(1, workers + 1):
            place = folder / f"worker-{number}"
            size = ("--cores", "1", "--memory", memory, "--work-dir", f"{place}", "--webui-port", "0")
            started.enter_context(_running(place, "worker.Worker", *size, address))
        _wait_for(f"http://{HOST}:{page}/json/", workers, folder)
        yield address


@contextmanager
def _running(folder: Path, name: str, *words: str) -> Iterator[None]:
    java = choose_java(os.environ)[0].path
    jars = f"{SPARK_HOME / 'jars'}/*"
    command = [java, "-Xmx512m", "-cp", jars, f"org.apache.spark.deploy.{name}", "--host", HOST, *words]
    folder.mkdir(parents=True)
    # Spark's shell scripts tell a worker which Scala its executors have.
    places = {"SPARK_HOME": f"{SPARK_HOME}", "SPARK_SCALA_VERSION": "2.13", "SPARK_LOCAL_IP": HOST}
    environment = {**os.environ, **places}
    environment.pop("SPARK_CONF_DIR", None)
    with (folder / "said.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(page: str, workers: int, folder: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if _alive(page) == workers:
            return
        time.sleep(0.2)
    raise TimeoutError(f"{workers} workers were not there after {SECONDS_TO_START:.0f} s; what they said: {folder}")


def _alive(page: str) -> int:
    try:
        return int(httpx.get(page, trust_env=False).json()["aliveworkers"])
    except httpx.TransportError:
        return 0


def _free_port() -> int:
    with socket.socket() as door:
        door.bind((HOST, 0))
        return int(door.getsockname()[1])
