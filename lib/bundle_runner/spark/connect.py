"""A serverless environment: a Spark JVM whose guests come by Spark Connect: what needs the JVM fails here, too."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle_runner.spark.jvm import Jvm

CONF = {
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
}
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105 the name of a variable
CLIENT = ("grpcio", "grpcio-status", "googleapis-common-protos", "zstandard")
"""What pyspark's client of Spark Connect needs beside pyspark; the extra `connect` of this project brings it."""


@dataclass(frozen=True)
class RemoteDoor:
    """A session of one task's own on the server; the token is no part of its address, and its repr shows none."""

    user: str
    session: str
    port: int

    @property
    def address(self) -> str:
        """Return where the task's process finds it."""
        return f"sc://localhost:{self.port}/;user_id={self.user};session_id={self.session}"


class ConnectServer(Jvm[RemoteDoor]):
    """A running Spark Connect server; only who knows its token may speak to it.

    Raises: ClusterError at creation when it does not start.
    """

    def __init__(self, name: str, conf: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> None:
        self._token = secrets.token_hex(32)
        super().__init__(name, {**conf, **CONF}, {**environment, TOKEN: self._token}, folder)

    def open_door(self, tag: str) -> RemoteDoor:
        """Name a session for one task; the server makes it when the task first speaks."""
        return RemoteDoor(tag, str(uuid.uuid4()), self._service.localPort())

    def way_through(self, door: RemoteDoor) -> dict[str, object]:
        """Return what the task's process must know."""
        return {"remote": door.address, "token": self._token}

    def shut(self, door: RemoteDoor, seconds: float) -> bool:
        """Close the session and cancel what came through it; tell whether all of it is gone in time.

        A cancelled command may still commit what it had finished: only its thread's end proves the end.
        """
        deadline = time.monotonic() + seconds
        running = [holder for holder in self._holders() if holder.executeKey().sessionId() == door.session]
        self._service.sessionManager().closeSession(self._package.SessionKey(door.user, door.session), False)
        while any(holder.isExecuteThreadRunnerAlive() for holder in running):
            if time.monotonic() > deadline:
                return False
            for holder in running:
                holder.interrupt()
            time.sleep(0.05)
        return True

    def _holders(self) -> Iterator[Any]:
        found = self._service.executionManager().listExecuteHolders().iterator()
        while found.hasNext():
            yield found.next()

    @property
    def _package(self) -> Any:
        return self._gateway.jvm.org.apache.spark.sql.connect.service

    @property
    def _service(self) -> Any:
        return getattr(getattr(self._package, "SparkConnectService$"), "MODULE$")
