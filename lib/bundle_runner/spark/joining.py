"""Join the Spark JVM of the job's cluster, from a kernel or from a program's own process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Client
from typing import Any

ADDRESS, AUTHKEY, ATTEMPT = "BUNDLE_RUNNER_ADDRESS", "BUNDLE_RUNNER_AUTHKEY", "BUNDLE_RUNNER_ATTEMPT"


def join_when_asked(go_in: Callable[[], object]) -> None:
    """Go in as soon as somebody asks pyspark for a session or a context: a program that never does needs no JVM."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    doors = [
        (SparkSession.Builder, "getOrCreate"),
        (SparkSession, "getActiveSession"),
        (SparkSession, "active"),
        (SparkContext, "getOrCreate"),
    ]
    originals = [(owner, name, owner.__dict__[name]) for owner, name in doors]

    def first(owner: Any, name: str) -> Callable[..., Any]:
        def asked(*words: Any, **named: Any) -> Any:
            for one, its_name, original in originals:
                setattr(one, its_name, original)
            go_in()
            return getattr(words[0] if words else owner, name)(*words[1:], **named)

        return asked

    for owner, name, original in originals:
        replacement = first(owner, name)
        setattr(owner, name, classmethod(replacement) if isinstance(original, classmethod) else replacement)


def enter() -> Any:
    """Ask the runner for the way to the cluster's Spark and return a session of this process's own there.

    The first who asks starts it.
    Raises: ConnectionError with the runner's reason.
    """
    answer = ask({})
    if "problem" in answer:
        raise ConnectionError(answer["problem"])
    return connect(answer["remote"], answer["token"]) if "remote" in answer else join(answer["port"], answer["secret"])


def ask(asked: dict[str, Any]) -> Any:
    """Ask the runner for the way to Spark, or to run another notebook; it answers when that is done."""
    host, port = os.environ[ADDRESS].rsplit(":", 1)
    with Client((host, int(port)), authkey=bytes.fromhex(os.environ[AUTHKEY])) as line:
        line.send((os.environ[ATTEMPT], asked))
        return line.recv()


def join(port: int, secret: str) -> Any:
    """Return a session of this process's own on the JVM behind the door."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    gateway = _through_door(launch_gateway, port, secret)
    scala_context = gateway.jvm.org.apache.spark.SparkContext.getOrCreate()
    java_context = gateway.jvm.JavaSparkContext.fromSparkContext(scala_context)
    interrupt = signal.getsignal(signal.SIGINT)
    context = SparkContext(conf=SparkConf(_jconf=java_context.getConf()), gateway=gateway, jsc=java_context)
    signal.signal(signal.SIGINT, interrupt)  # pyspark's own would cancel the neighbours' jobs, too
    session = SparkSession(context).newSession()
    # No public call makes a session the active one of this thread, and `getActiveSession` must give this one.
    SparkSession._instantiatedSession = SparkSession._activeSession = session  # noqa: SLF001
    java_class = SparkSession._get_j_spark_session_class(context._jvm)  # noqa: SLF001
    java_class.setActiveSession(session._jsparkSession)  # noqa: SLF001
    _guard_stop(SparkSession, SparkContext)
    return session


def connect(address: str, token: str) -> Any:
    """Return a session on a Spark Connect server, as on serverless compute: without context, RDDs and JVM."""
    os.environ.update(SPARK_CONNECT_AUTHENTICATE_TOKEN=token, SPARK_REMOTE=address, SPARK_CONNECT_MODE_ENABLED="1")
    from pyspark.sql.connect.session import SparkSession

    session = SparkSession.builder.remote(address).getOrCreate()
    _guard_stop(SparkSession)
    return session


def _through_door(launch: Any, port: int, secret: str) -> Any:
    os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"] = str(port), secret
    try:
        return launch()
    finally:
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]


def _guard_stop(*classes: Any) -> None:
    """Keep the JVM, which belongs to the job: a notebook that stops it would stop its neighbours."""

    def stop(_: Any) -> None:
        print("spark.stop() is ignored: the job ends its cluster")

    for kind in classes:
        kind.stop = stop
